/** `OTEL_TRACES_SAMPLER` and its argument, beside what code says of `sampling`. */
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/config/resolve.js';
import type { SamplingOptions } from '../../src/index.js';
import { instance } from './support.js';

const SAMPLER = 'OTEL_TRACES_SAMPLER';
const ARGUMENT = 'OTEL_TRACES_SAMPLER_ARG';
const CODE: SamplingOptions = { ratio: 0.5, parent: 'follow-drop' };

function resolved(
  sampler: string | undefined,
  argument?: string,
  sampling: SamplingOptions | undefined = CODE,
) {
  const env = { [SAMPLER]: sampler, [ARGUMENT]: argument };
  const { sampling: inForce, notices } = resolveSettings({
    env,
    ...(sampling !== undefined && { sampling }),
  });
  return { ...inForce, notices };
}

describe('the samplers of the specification', () => {
  it.each([
    ['always_on', undefined, 1, 'ignore'],
    ['always_off', undefined, 0, 'ignore'],
    ['traceidratio', '0.25', 0.25, 'ignore'],
    ['parentbased_always_on', undefined, 1, undefined],
    ['parentbased_always_off', undefined, 0, undefined],
    ['parentbased_traceidratio', '0.25', 0.25, undefined],
    [' ParentBased_TraceIdRatio ', ' 1e-3 ', 0.001, undefined],
    ['traceidratio', undefined, 1, 'ignore'],
    ['traceidratio', '', 1, 'ignore'],
  ])('%s with %s is ratio %d and parent %s, over what code says', (sampler, argument, ratio, parent) => {
    const { notices, ...sampling } = resolved(sampler, argument);
    expect(sampling).toEqual({ ratio, parent });
    expect(notices.map(({ code }) => code)).toEqual(['overridden_by_environment']);
    expect(resolved(sampler, argument, {}).notices).toEqual([]);
  });

  it.each(['-1', '1.1', 'half', 'NaN', 'Infinity'])(
    'an argument %s is reported and counts as 1',
    (argument) => {
      const { ratio, notices } = resolved('traceidratio', argument, {});
      expect(ratio).toBe(1);
      expect(notices).toEqual([
        { code: 'environment_invalid', message: expect.stringContaining(ARGUMENT) as string },
      ]);
    },
  );

  it.each(['jaeger_remote', 'parentbased_jaeger_remote', 'xray', 'sometimes'])(
    '%s is reported, and code decides',
    (sampler) => {
      const { notices, ...sampling } = resolved(sampler);
      expect(sampling).toEqual(CODE);
      expect(notices[0]?.message).toMatch(/^OTEL_TRACES_SAMPLER must be one of .*; it counts as unset/);
    },
  );

  it('an argument that no sampler takes is reported', () => {
    expect(resolved('always_on', '0.5', {}).notices[0]?.message).toContain('without effect');
    expect(resolved(undefined, '0.5').ratio).toBe(0.5);
  });

  it('a fault of code throws also where the environment stands over it', () => {
    expect(() => resolved('always_on', undefined, { ratio: 2 })).toThrow(/sampling\.ratio/);
  });
});

it('an instance follows them, and public callers no more than before', () => {
  const flagOf = (sampler: string, trust: 'continue' | 'restart', flags: string): number => {
    const telemetry = instance({
      env: { [SAMPLER]: sampler },
      operator: { endpoint: 'http://127.0.0.1:9' },
      propagation: { trust },
    });
    const headers = { traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}` };
    return telemetry.begin({ method: 'GET', url: '/', headers }).span.spanContext().traceFlags & 1;
  };
  expect(flagOf('always_off', 'continue', '01')).toBe(0);
  expect(flagOf('always_on', 'continue', '00')).toBe(1);
  expect(flagOf('parentbased_always_off', 'continue', '01')).toBe(1);
  expect(flagOf('parentbased_always_on', 'continue', '00')).toBe(0);
  expect(flagOf('parentbased_always_off', 'restart', '01')).toBe(0);
});
