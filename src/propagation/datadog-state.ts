/** Datadog's priority, origin and tags: in headers of their own, and as the member `dd=` of `tracestate`. */
import type { DatadogContext, ExtractedContext } from '../model/propagation.js';
import { isPrintable, withoutSpace } from './text.js';

/** The high half of the trace id, in hex. */
export const TRACE_ID_HIGH_TAG = '_dd.p.tid';
/** Who made the decision. */
export const DECISION_MAKER_TAG = '_dd.p.dm';
const DECISION_MAKER_DEFAULT = '-0';
const TAG_PREFIX = '_dd.p.';
const MAX_TAGS_LENGTH = 512;
const MAX_ORIGIN_LENGTH = 256;
/** A value of a `tracestate` member. */
const MAX_MEMBER_LENGTH = 256;

export const DATADOG_MEMBER = 'dd';

const NO_TAGS: Readonly<Record<string, string>> = Object.freeze({});
const NOTHING: DatadogContext = Object.freeze({ priority: undefined, origin: undefined, tags: NO_TAGS });

/** A small whole number; anything else says nothing. */
export function parsePriority(text: string): number | undefined {
  return /^-?[0-9]{1,3}$/.test(text) ? Number(text) : undefined;
}

export function isOrigin(text: string): boolean {
  return text.length > 0 && text.length <= MAX_ORIGIN_LENGTH && isPrintable(text);
}

function isTag(name: string, value: string): boolean {
  return /^_dd\.p\.[\x21-\x2b\x2d-\x7e]+$/.test(name) && /^[\x20-\x2b\x2d-\x7e]*$/.test(value);
}

/** `_dd.p.{name}={value}`, separated by commas. One bad member, or too many characters, and none counts. */
export function parseTags(text: string | undefined): Record<string, string> {
  const tags: Record<string, string> = {};
  if (text === undefined || text.length > MAX_TAGS_LENGTH) return tags;
  for (const member of text.split(',')) {
    const tag = withoutSpace(member);
    const equals = tag.indexOf('=');
    const name = equals < 0 ? tag : tag.slice(0, equals);
    const value = equals < 0 ? '' : tag.slice(equals + 1);
    if (!isTag(name, value)) return {};
    tags[name] = value;
  }
  return tags;
}

/** The header's text, the high half of the trace id first; whole tags only, as far as they fit. */
export function formatTags(tags: Readonly<Record<string, string>>, traceIdHigh: string | undefined): string {
  let text = traceIdHigh === undefined ? '' : `${TRACE_ID_HIGH_TAG}=${traceIdHigh}`;
  for (const name in tags) {
    const tag = `${name}=${tags[name]}`;
    const longer = text === '' ? tag : `${text},${tag}`;
    if (longer.length <= MAX_TAGS_LENGTH) text = longer;
  }
  return text;
}

/**
 * What goes on beside this decision. The priority stays while it says the same; where the decision was changed, so is the
 * tag that tells who made it: gone when dropped, `-0` (default) when kept.
 */
export function datadogFor(
  sampled: boolean | undefined,
  state: ExtractedContext | undefined,
): DatadogContext {
  const came = state?.datadog ?? NOTHING;
  if (sampled === undefined) return came;
  const { priority, origin, tags } = came;
  if (priority !== undefined && priority > 0 === sampled) return came;
  return { priority: sampled ? 1 : 0, origin, tags: tagsOfChange(tags, sampled, priority !== undefined) };
}

/** Somebody else has decided now. Where nobody had, a tag that is not there need not be added. */
function tagsOfChange(
  tags: Readonly<Record<string, string>>,
  sampled: boolean,
  isAgainst: boolean,
): Readonly<Record<string, string>> {
  if (sampled && (isAgainst || Object.hasOwn(tags, DECISION_MAKER_TAG))) {
    return { ...tags, [DECISION_MAKER_TAG]: DECISION_MAKER_DEFAULT };
  }
  if (sampled || !Object.hasOwn(tags, DECISION_MAKER_TAG)) return tags;
  const rest = { ...tags };
  delete rest[DECISION_MAKER_TAG];
  return rest;
}

/** The value of `dd=`: `s:{priority};o:{origin};t.{name}:{value}`, in any order. The flag of `traceparent` rules. */
export function parseMember(value: string, sampled: boolean | undefined): DatadogContext {
  let priority: number | undefined;
  let origin: string | undefined;
  const tags: Record<string, string> = {};
  for (const part of value.split(';')) {
    const colon = part.indexOf(':');
    if (colon < 1) continue;
    const key = part.slice(0, colon);
    const text = part.slice(colon + 1).replaceAll('~', '=');
    if (key === 's') priority = parsePriority(text);
    else if (key === 'o' && isOrigin(withoutSpace(text))) origin = withoutSpace(text);
    else if (key.startsWith('t.')) {
      const name = TAG_PREFIX + key.slice(2);
      // The trace id of `traceparent` is the whole one.
      if (name !== TRACE_ID_HIGH_TAG && isTag(name, text)) tags[name] = text;
    }
  }
  const came: DatadogContext = { priority, origin, tags };
  if (sampled === undefined || priority === undefined || priority > 0 === sampled) return came;
  return { priority: sampled ? 1 : 0, origin, tags: tagsOfChange(tags, sampled, true) };
}

/** A member that the grammar of `tracestate` allows; tags that do not fit are left out. */
export function formatMember({ priority, origin, tags }: DatadogContext, spanId: string): string {
  let value = priority === undefined ? '' : `s:${priority}`;
  const add = (part: string): void => {
    if (value.length + part.length + 1 <= MAX_MEMBER_LENGTH) value += value === '' ? part : `;${part}`;
  };
  if (origin !== undefined) add(`o:${memberText(origin)}`);
  add(`p:${spanId}`);
  for (const name in tags) {
    const key = name.slice(TAG_PREFIX.length).replace(/[^\x21-\x7e]|[,;=:]/g, '_');
    add(`t.${key}:${memberText(tags[name] ?? '')}`);
  }
  // A member must not end in a space.
  return `${DATADOG_MEMBER}=${value.trimEnd()}`;
}

function memberText(text: string): string {
  return text.replace(/[^\x20-\x7e]|[,;~]/g, '_').replaceAll('=', '~');
}
