/** Certificate files: read when they are configured, and again when they have changed. */
import { readFileSync, statSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { fault, faultSentence } from '../model/configuration-error.js';
import type { TlsMaterial, TlsSource } from '../model/resolved-destination.js';

/** Of one file; far more than its PEM text may have, so that nothing endless is read into memory. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Between two looks. A rotated certificate overlaps the old one by days, a revoked one is no matter of seconds. */
const CHECK_INTERVAL_MS = 5_000;
const REPORT_INTERVAL_MS = 60_000;

export type TlsPaths = Readonly<Partial<Record<'ca' | 'cert' | 'key', string>>>;
type Part = keyof TlsPaths;
type Texts = Partial<Record<Part, string>>;

/** `check` throws a sentence when the texts are no material. So does this, when the files cannot be read. */
export function openTlsFiles(
  paths: TlsPaths,
  names: Readonly<Record<Part, string>>,
  check: (texts: Texts) => TlsMaterial,
): TlsSource {
  const files = Object.entries(paths) as [Part, string][];
  const texts: Texts = {};
  const seen: string[] = [];
  for (const [part, path] of files) {
    const stats = orFault(names[part], () => statSync(path));
    refuseOthers(names[part], stats);
    seen.push(versionOf(stats));
    texts[part] = orFault(names[part], () => readFileSync(path, 'utf8'));
  }
  let material = check(texts);
  let version = seen.join();
  let lastCheckMs = performance.now();
  let lastReportMs = Number.NEGATIVE_INFINITY;
  let isChecking = false;

  const readAgain = async (): Promise<void> => {
    const all = await Promise.all(
      files.map(async ([part, path]) => {
        const stats = await stat(path).catch(() => undefined);
        if (stats === undefined) throw unreadable(names[part]);
        refuseOthers(names[part], stats);
        return stats;
      }),
    );
    const present = all.map(versionOf).join();
    if (present === version) return;
    const read: Texts = {};
    for (const [part, path] of files) {
      read[part] = await readFile(path, 'utf8').catch(() => {
        throw unreadable(names[part]);
      });
    }
    material = check(read);
    // Only now: what could not be taken, such as a certificate whose key is still to come, is looked at again.
    version = present;
  };

  return {
    current: () => material,
    async refresh() {
      const now = performance.now();
      if (isChecking || now - lastCheckMs < CHECK_INTERVAL_MS) return undefined;
      isChecking = true;
      lastCheckMs = now;
      try {
        await readAgain();
        return undefined;
      } catch (error) {
        if (now - lastReportMs < REPORT_INTERVAL_MS) return undefined;
        lastReportMs = now;
        return `${faultSentence(error)}; what was read before stays in use`;
      } finally {
        isChecking = false;
      }
    },
  };
}

/** Changes with each write, and when another file takes the name, as rotating tools have it. */
const versionOf = ({ ino, size, mtimeMs, ctimeMs }: Stats): string => [ino, size, mtimeMs, ctimeMs].join(':');

const unreadable = (name: string): Error => fault(name, 'names a file that cannot be read');

function orFault<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw unreadable(name);
  }
}

/** A pipe would never end, a device neither. */
function refuseOthers(name: string, stats: Stats): void {
  if (!stats.isFile()) throw fault(name, 'names something that is no file');
  if (stats.size > MAX_FILE_BYTES) throw fault(name, `names a file of over ${MAX_FILE_BYTES} bytes`);
}
