/** Prints a line for every batch that arrives at a receiver from now on, until the receiver is closed. */
import { summaryOf } from './report.mjs';

const FOR_EVER = 2 ** 31 - 1;

const kinds = {
  spans: ['span', summaryOf],
  logs: ['log', (log) => String(log.body)],
  metricPoints: ['metric point', (point) => point.name],
};

export function follow(name, receiver, print) {
  for (const [kind, [noun, textOf]] of Object.entries(kinds)) {
    followKind(receiver, kind, (fresh) => {
      const texts = [...new Set(fresh.map(textOf))];
      const more = texts.length > 3 ? ', …' : '';
      const plural = fresh.length === 1 ? '' : 's';
      print(`${name} ← ${fresh.length} ${noun}${plural}: ${texts.slice(0, 3).join(', ')}${more}`);
    });
  }
}

async function followKind(receiver, kind, onBatch) {
  let seen = receiver[kind].length;
  for (;;) {
    try {
      await receiver.waitFor({ [kind]: seen + 1 }, { timeoutMs: FOR_EVER });
    } catch {
      return;
    }
    onBatch(receiver[kind].slice(seen));
    seen = receiver[kind].length;
  }
}
