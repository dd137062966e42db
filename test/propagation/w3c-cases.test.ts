/** The cases of the W3C harness, through `createPropagation` alone and through a real gateway. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import { instance, rawGet, settle, startGateway, collector } from '../config/support.js';
import { W3C_CASES } from './w3c-cases.js';
import type { W3cCase } from './w3c-cases.js';

const SPAN = 'aaaabbbbccccdddd';
const NEW_TRACE = 'abcdef0123456789abcdef0123456789';

function flat(headers: W3cCase['headers']): string[] {
  return headers.flatMap(([name, value]) => [name, value]);
}

/** As Node's server makes it: lower-case names, repeats joined. */
function nodeObject(headers: W3cCase['headers']): Record<string, string> {
  const object: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    object[key] = key in object ? `${object[key]}, ${value}` : value;
  }
  return object;
}

/** As Node's server makes it with `headersDistinct`. */
function arrayObject(headers: W3cCase['headers']): Record<string, string[]> {
  const object: Record<string, string[]> = {};
  for (const [name, value] of headers) (object[name.toLowerCase()] ??= []).push(value);
  return object;
}

function fetchHeaders(headers: W3cCase['headers']): Headers {
  const list = new Headers();
  for (const [name, value] of headers) list.append(name, value);
  return list;
}

describe.each(W3C_CASES)('$name', ({ headers, found, traceState, out }) => {
  const propagation = createPropagation();

  it.each([
    ['pairs', headers],
    ['a flat list', flat(headers)],
    ["Node's object", nodeObject(headers)],
    ["Node's object of arrays", arrayObject(headers)],
    ['Headers', fetchHeaders(headers)],
  ])('is read from %s', (_shape, given) => {
    const extracted = propagation.extract(given);
    if (found === undefined) {
      expect(extracted).toBeUndefined();
      return;
    }
    expect(extracted).toMatchObject({ format: 'w3c', ...found });
    if (traceState === undefined) expect(extracted?.traceState).toBeUndefined();
    else expect(traceState).toContain(extracted?.traceState);
  });

  it('is written as asked for', () => {
    const extracted = propagation.extract(headers);
    const outgoing: Record<string, string> = { ...nodeObject(headers) };
    propagation.inject(
      outgoing,
      {
        traceId: extracted?.traceId ?? NEW_TRACE,
        spanId: SPAN,
        sampled: extracted?.sampled ?? true,
        random: extracted?.random ?? true,
      },
      extracted,
    );
    const expected = out.replace('{span}', SPAN).replace('{newtrace}', NEW_TRACE).replace('{newflags}', '03');
    expect(outgoing['traceparent']).toBe(expected);
    if (traceState === undefined) expect(outgoing).not.toHaveProperty('tracestate');
    else expect(traceState).toContain(outgoing['tracestate']);
  });
});

describe('a gateway', () => {
  it.each(W3C_CASES)('on the wire: $name', async ({ headers, found, traceState, out }) => {
    const operator = await collector();
    const telemetry = instance({ operator: { endpoint: operator.url } });
    const gateway = await startGateway(telemetry);
    expect(await rawGet(gateway.port, headers)).toContain('200');
    const outgoing = gateway.arrived[0]?.headers ?? {};
    const pattern = out
      .replace('{span}', '[0-9a-f]{16}')
      .replace('{newtrace}', '[0-9a-f]{32}')
      .replace('{newflags}', '03');
    expect(outgoing['traceparent']).toMatch(new RegExp(`^${pattern}$`));
    if (traceState === undefined) expect(outgoing).not.toHaveProperty('tracestate');
    else expect(traceState).toContain(outgoing['tracestate']);

    const sent = String(outgoing['traceparent']).split('-');
    const incoming = headers.map(([, value]) => value).join('\n');
    if (found === undefined) expect(incoming).not.toContain(sent[1]);
    expect(incoming).not.toContain(sent[2]);

    await settle(telemetry);
    const [span] = operator.spans;
    const isSampled = found?.sampled ?? true;
    expect(operator.spans).toHaveLength(isSampled ? 1 : 0);
    if (isSampled) {
      expect([span?.traceId, span?.spanId]).toEqual([sent[1], sent[2]]);
      expect(span?.parentSpanId).toBe(found?.spanId);
      expect(span?.traceState).toBe(outgoing['tracestate']);
      expect((span?.flags ?? 0) & 0xff).toBe(Number.parseInt(sent[3] ?? '', 16));
    }
    expect(operator.logs[0]).toMatchObject({ traceId: sent[1], spanId: sent[2] });
  });
});
