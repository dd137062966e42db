/** Gathers what was picked out of the documents of an answer: one of them, or one for each event of a stream. */
import { cleanName } from '../model/clean-values.js';
import type { GenAiAnswer, GenAiApiType } from '../model/gen-ai-answer.js';
import { redactText } from '../model/redact-text.js';
import { type Field, LEAVES, PATHS } from './answer-fields.js';
import { ChoiceReasons, reasonOfStatus } from './finish-reasons.js';
import type { Picked, PickSink } from './json-picker.js';
import { buildPicks, orInArray, type Pick } from './picks.js';
import { tokenUsage } from './token-usage.js';

export const ANSWER_PICKS = orInArray(buildPicks(PATHS));

/** Reasons and codes become attributes by which records are grouped: no room for a text. */
const MAX_REASON_LENGTH = 64;
const ERROR_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const OTHER_ERROR = '_OTHER';
/** The conventions' word. */
const TOOL_ERROR = 'tool_error';

type Value = string | number | true;

/** Every event of a stream repeats these. The service tier may change: what was asked for, then what it became. */
const SETTLED: ReadonlySet<Field> = new Set(['id', 'model', 'object', 'systemFingerprint', 'rpcVersion']);

export class AnswerFacts implements PickSink {
  /** Of the document that is being read, by leaf. */
  readonly #values: (Value | undefined)[] = new Array<Value | undefined>(LEAVES.length).fill(undefined);
  /** Leaves of which this document has said anything, each once. */
  readonly #touched: number[] = [];
  readonly #isTouched = new Uint8Array(LEAVES.length);
  readonly #choicesOfDocument = new ChoiceReasons();
  #choice = 0;

  /** Of all documents so far. */
  readonly #known = new Map<Field, Value>();
  readonly #choices = new ChoiceReasons();
  /** Leaves that no other document of the answer can say anything new about: their texts are not even read. */
  readonly #isSettled = new Uint8Array(LEAVES.length);
  #apiType: GenAiApiType | undefined;
  #documentCount = 0;
  #elementCount = 0;

  get apiType(): GenAiApiType | undefined {
    return this.#apiType;
  }

  /** Documents at the top, one after the other. */
  get documentCount(): number {
    return this.#documentCount;
  }

  /** Documents in an array. */
  get elementCount(): number {
    return this.#elementCount;
  }

  wants({ leaf }: Pick): boolean {
    return this.#isSettled[leaf] === 0;
  }

  pick({ leaf }: Pick, picked: Picked): void {
    const row = LEAVES[leaf];
    if (row === undefined) return;
    if (this.#isTouched[leaf] === 0) {
      this.#isTouched[leaf] = 1;
      this.#touched.push(leaf);
    }
    this.#values[leaf] = valueOf(row.kind, picked);
  }

  begin({ path, leaves }: Pick): void {
    if (path === '') return;
    for (const leaf of leaves) this.#values[leaf] = undefined;
    if (path === 'choices' || path === 'candidates') {
      this.#choicesOfDocument.clear();
      this.#choice = 0;
    }
  }

  end(pick: Pick): void {
    const { path, leaves } = pick;
    if (path === '') {
      if (pick === ANSWER_PICKS) this.#documentCount++;
      else this.#elementCount++;
      this.endDocument();
    } else if (path === 'choices[]' || path === 'candidates[]') this.#endChoice(leaves);
  }

  /** What is known by now of a document counts, also where it broke off. */
  endDocument(): void {
    for (const leaf of this.#touched) {
      const value = this.#values[leaf];
      const row = LEAVES[leaf];
      if (value !== undefined && row !== undefined) {
        this.#known.set(row.field, value);
        if (SETTLED.has(row.field)) this.#isSettled[leaf] = 1;
      }
      this.#values[leaf] = undefined;
      this.#isTouched[leaf] = 0;
    }
    if (this.#touched.length > 0) this.#touched.length = 0;
    this.#choicesOfDocument.moveTo(this.#choices);
    // The next event would have another type.
    if (this.#known.get('type') === 'error') this.#known.set('error', true);
    this.#apiType ??= this.#recognise();
  }

  /** A new object each time. */
  answer(): Omit<GenAiAnswer, 'isStream' | 'chunks' | 'fault'> {
    const texts = {
      // That of JSON-RPC is the request's.
      id: this.#isRpc ? undefined : this.#name('id'),
      model: this.#name('model'),
      apiType: this.#apiType,
      serviceTier: this.#name('serviceTier'),
      systemFingerprint: this.#name('systemFingerprint'),
      errorType: this.#errorType(),
    };
    const reasons = this.#finishReasons();
    const usage = tokenUsage((field) => this.#known.get(field) as number | undefined);
    return {
      ...defined(texts),
      ...(reasons.length > 0 && { finishReasons: reasons }),
      ...(usage !== undefined && { usage }),
    };
  }

  #endChoice(leaves: readonly number[]): void {
    let reason: Value | undefined;
    let index: Value | undefined;
    for (const leaf of leaves) {
      const value = this.#values[leaf];
      if (LEAVES[leaf]?.field === 'choiceIndex') index = value;
      else reason = value;
      this.#values[leaf] = undefined;
    }
    const position = this.#choice++;
    const name = cleanName(reason, MAX_REASON_LENGTH);
    if (name !== undefined) this.#choicesOfDocument.set(typeof index === 'number' ? index : position, name);
  }

  #recognise(): GenAiApiType | undefined {
    const object = this.#known.get('object');
    const type = this.#known.get('type');
    if (object === 'chat.completion' || object === 'chat.completion.chunk') return 'chat_completions';
    if (object === 'text_completion') return 'text_completions';
    if (object === 'response' || (typeof type === 'string' && type.startsWith('response.')))
      return 'responses';
    if (type === 'message' || type === 'message_start' || type === 'message_delta') return 'messages';
    if (this.#known.has('candidates')) return 'generate_content';
    // A list of models is a list too, without counts.
    if (object === 'list' && this.#known.has('promptTokens')) return 'embeddings';
    return undefined;
  }

  #finishReasons(): readonly string[] {
    const { list } = this.#choices;
    if (list.length > 0) return list;
    const reason =
      this.#known.get('stopReason') ??
      this.#known.get('blockReason') ??
      (this.#apiType === 'responses'
        ? reasonOfStatus(this.#text('status'), this.#text('incompleteReason'))
        : undefined);
    const name = cleanName(reason, MAX_REASON_LENGTH);
    return name === undefined ? [] : [name];
  }

  get #isRpc(): boolean {
    return this.#known.has('rpcVersion');
  }

  #errorType(): string | undefined {
    if (!this.#known.has('error'))
      return this.#isRpc && this.#known.has('toolError') ? TOOL_ERROR : undefined;
    const code = this.#known.get('errorCode') ?? this.#known.get('bareErrorCode');
    if (this.#isRpc && typeof code === 'number') return String(code);
    const kind = this.#known.get('errorKind');
    // A number says less than a word where there are both.
    const name = typeof code === 'number' ? (kind ?? String(code)) : (code ?? kind);
    // Servers repeat the key that they refuse, and some keys look like names.
    const isName = typeof name === 'string' && ERROR_NAME.test(name) && redactText(name) === name;
    return isName ? name : OTHER_ERROR;
  }

  #text(field: Field): string | undefined {
    return this.#known.get(field) as string | undefined;
  }

  #name(field: Field): string | undefined {
    return cleanName(this.#known.get(field));
  }
}

/** What is not of its kind counts as not there: counts in strings, negative ones, fractions, numbers no longer exact. */
function valueOf(kind: (typeof LEAVES)[number]['kind'], picked: Picked): Value | undefined {
  switch (kind) {
    case 'text':
      return typeof picked === 'string' && picked !== '' ? picked : undefined;
    case 'count':
      return isCount(picked) ? picked : undefined;
    case 'code':
      return Number.isSafeInteger(picked) || (typeof picked === 'string' && picked !== '')
        ? (picked as number | string)
        : undefined;
    case 'sign':
      return picked === null || picked === false || picked === '' ? undefined : true;
  }
}

function isCount(picked: Picked): picked is number {
  return typeof picked === 'number' && Number.isSafeInteger(picked) && picked >= 0;
}

function defined<Of extends object>(object: Of): Partial<Of> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<Of>;
}
