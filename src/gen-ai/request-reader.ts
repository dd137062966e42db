/**
 * Reads what a request asks of a model out of its body, which the host has anyway: names and numbers, never what is said to the
 * model. In the formats of OpenAI (chat completions, completions, responses, embeddings), Anthropic, Gemini and Mistral.
 */
import { cleanName } from '../model/clean-values.js';
import type { GenAiAsked } from '../model/gen-ai.js';
import { JsonPicker } from './json-picker.js';
import { buildPicks } from './picks.js';

type Kind = 'name' | 'names' | 'number' | 'integer' | 'count' | 'flag';

/** The first path that has a value of its kind counts. */
const FIELDS: Record<keyof GenAiAsked, readonly [Kind, ...string[]]> = {
  model: ['name', 'model'],
  stream: ['flag', 'stream'],
  maxTokens: [
    'count',
    ...['max_completion_tokens', 'max_output_tokens', 'max_tokens', 'generationConfig.maxOutputTokens'],
  ],
  temperature: ['number', 'temperature', 'generationConfig.temperature'],
  topP: ['number', 'top_p', 'generationConfig.topP'],
  topK: ['number', 'top_k', 'generationConfig.topK'],
  stopSequences: ['names', 'stop', 'stop_sequences', 'generationConfig.stopSequences'],
  frequencyPenalty: ['number', 'frequency_penalty', 'generationConfig.frequencyPenalty'],
  presencePenalty: ['number', 'presence_penalty', 'generationConfig.presencePenalty'],
  seed: ['integer', 'seed', 'random_seed', 'generationConfig.seed'],
  choiceCount: ['count', 'n', 'generationConfig.candidateCount'],
  serviceTier: ['name', 'service_tier'],
  encodingFormats: ['names', 'encoding_format'],
  dimensionCount: ['count', 'dimensions'],
};

const ROWS = Object.entries(FIELDS) as [keyof GenAiAsked, readonly [Kind, ...string[]]][];
const PATHS = ROWS.flatMap(([, [kind, ...paths]]) =>
  kind === 'names' ? paths.flatMap((path) => [path, `${path}[]`]) : paths,
);
const PICKS = buildPicks(PATHS);

/** OpenAI takes 4 sequences, Gemini 5. */
const MAX_NAMES = 16;
/** Characters of a text that are turned into bytes together. */
const PIECE_LENGTH = 64 * 1024;

/**
 * `body` as text, as bytes, or parsed already. One pass over text and bytes (1 to 4 ms a MiB), without building any of it. What
 * stands before a fault in it counts; anything but an object: `{}`. Never throws.
 */
export function readGenAiRequest(body: unknown): GenAiAsked {
  const values = valuesOf(body);
  const request: Record<string, unknown> = {};
  for (const [field, [kind, ...paths]] of ROWS) {
    for (const path of paths) {
      const value = valueOf(kind, values(path));
      if (value === undefined) continue;
      request[field] = value;
      break;
    }
  }
  return request;
}

function valuesOf(body: unknown): (path: string) => unknown {
  if (typeof body !== 'string' && !isBytes(body)) return (path) => walk(body, path);
  const picked = pickFrom(body);
  return (path) => picked.get(path);
}

/** Asked of a proxy, the question may throw. */
function isBytes(body: unknown): body is Uint8Array {
  try {
    return body instanceof Uint8Array;
  } catch {
    return false;
  }
}

function pickFrom(body: string | Uint8Array): Map<string, unknown> {
  const picked = new Map<string, unknown>();
  const picker = new JsonPicker(PICKS, {
    wants: () => true,
    pick({ path }, value) {
      if (!path.endsWith('[]')) return void picked.set(path, value);
      const list = path.slice(0, -2);
      const before = picked.get(list);
      if (!Array.isArray(before)) picked.set(list, [value]);
      else if (before.length < MAX_NAMES) before.push(value);
    },
    begin({ leaves }) {
      for (const leaf of leaves) picked.delete(PATHS[leaf] ?? '');
    },
    end: () => undefined,
  });
  const length = typeof body === 'string' ? body.length : body.byteLength;
  for (let at = 0; at < length; at += PIECE_LENGTH) {
    const piece = body.slice(at, at + PIECE_LENGTH);
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    picker.write(bytes, 0, bytes.length);
  }
  picker.end();
  return picked;
}

/** A getter or a proxy of the host's that throws has no value. */
function walk(body: unknown, path: string): unknown {
  try {
    let at: unknown = body;
    for (const key of path.split('.')) {
      if (typeof at !== 'object' || at === null) return undefined;
      at = (at as Record<string, unknown>)[key];
    }
    return Array.isArray(at) ? Array.from(at.slice(0, MAX_NAMES) as unknown[]) : at;
  } catch {
    return undefined;
  }
}

function valueOf(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case 'name':
      return cleanName(value);
    case 'names': {
      const names = (Array.isArray(value) ? value : [value]).map((item) => cleanName(item));
      const known = names.filter((name) => name !== undefined);
      return known.length > 0 ? known : undefined;
    }
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'integer':
      return Number.isSafeInteger(value) ? value : undefined;
    case 'count':
      return Number.isSafeInteger(value) && (value as number) >= 0 ? value : undefined;
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
  }
}
