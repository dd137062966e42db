/** Which tests show which scenario of the reliability plan. The closing note's table is made from this list. */
export interface Scenario {
  readonly title: string;
  /** Relative to the root of the project. */
  readonly files: readonly string[];
}

export const SCENARIOS = {
  T1: {
    title: 'steady load',
    files: ['test/faults/load/t01-steady.test.ts'],
  },
  T2: {
    title: 'the collector is killed under load',
    files: ['test/faults/load/t02-killed-collector.test.ts'],
  },
  T3: {
    title: 'the collector restarts between request and reply',
    files: ['test/faults/t03-restart-before-reply.test.ts'],
  },
  T4: {
    title: 'connections are refused for ten minutes',
    files: [
      'test/faults/t04-refused.test.ts',
      'test/delivery/lane.test.ts',
      'test/transport/sending.test.ts',
    ],
  },
  T5: {
    title: 'blackhole',
    files: ['test/faults/t05-blackhole.test.ts', 'test/transport/deadlines.test.ts'],
  },
  T6: {
    title: 'slow body, slow headers, 103 without end, a peer that never reads',
    files: ['test/faults/t06-slow-loris.test.ts', 'test/transport/deadlines.test.ts'],
  },
  T7: {
    title: 'giant answers',
    files: ['test/faults/t07-giant-answers.test.ts', 'test/transport/hostile.test.ts'],
  },
  T8: {
    title: 'compressed answers',
    files: ['test/faults/t08-bombs.test.ts', 'test/transport/hostile.test.ts'],
  },
  T9: {
    title: 'redirects',
    files: ['test/faults/t09-redirects.test.ts', 'test/transport/sending.test.ts'],
  },
  T10: {
    title: '429 and every sort of Retry-After',
    files: [
      'test/faults/t10-retry-after.test.ts',
      'test/transport/retry-after.test.ts',
      'test/delivery/lane.test.ts',
    ],
  },
  T11: {
    title: 'a storm of 429',
    files: ['test/faults/load/t11-storm.test.ts'],
  },
  T12: {
    title: '70 % of the answers are 503',
    files: ['test/faults/t12-mostly-unavailable.test.ts'],
  },
  T13: {
    title: 'partial success',
    files: [
      'test/faults/t13-partial-success.test.ts',
      'test/faults/t13-long-message.test.ts',
      'test/transport/sending.test.ts',
      'test/otlp/decode-response.test.ts',
    ],
  },
  T14: {
    title: '200 with garbage',
    files: [
      'test/faults/t14-garbage-success.test.ts',
      'test/transport/hostile.test.ts',
      'test/otlp/decode-response.test.ts',
    ],
  },
  T15: {
    title: 'the table of statuses',
    files: [
      'test/faults/t15-status-table.test.ts',
      'test/transport/classify.test.ts',
      'test/transport/sending.test.ts',
    ],
  },
  T16: {
    title: '413 and splitting',
    files: ['test/faults/t16-splitting.test.ts', 'test/otlp/split.test.ts'],
  },
  T18: {
    title: 'resets at twelve phases, new and reused connections',
    files: ['test/faults/t18-resets.test.ts'],
  },
  T19: {
    title: 'one tenant in a hundred is dead; many that are new, silent or not',
    files: [
      'test/faults/load/t19-some-dead.test.ts',
      'test/faults/load/t19-newcomers.test.ts',
      'test/faults/load/t19-cold-start.test.ts',
    ],
  },
  T20: {
    title: 'every tenant is dead',
    files: ['test/faults/load/t20-all-dead.test.ts'],
  },
  T21: {
    title: 'one tenant, noisy and dead',
    files: ['test/faults/load/t21-noisy-and-dead.test.ts'],
  },
  T22: {
    title: 'fifty greedy tenants and a quiet one',
    files: ['test/faults/load/t22-greedy-and-quiet.test.ts'],
  },
  T23: {
    title: 'operator dead, tenants fine, and the reverse',
    files: ['test/faults/load/t23-operator-or-tenants-dead.test.ts'],
  },
  T28: {
    title: 'header configuration',
    files: ['test/faults/t28-header-configuration.test.ts', 'test/config/faults.test.ts'],
  },
  T31: {
    title: 'a million invented names against the caps of series',
    files: [
      'test/faults/t31-cardinality.test.ts',
      'test/faults/t31-models.test.ts',
      'test/faults/load/t31-cardinality.test.ts',
      'test/faults/load/t31-models.test.ts',
      'test/records/metric-dimensions.test.ts',
      'test/records/governance-metrics.test.ts',
    ],
  },
  T32: {
    title: 'any value in any method',
    files: ['test/faults/t32-any-value.test.ts', 'test/records/limits.test.ts'],
  },
  T33: {
    title: 'planted secrets',
    files: [
      'test/faults/t33-secrets.test.ts',
      'test/faults/t33-request-secrets.test.ts',
      'test/faults/t33-every-record.test.ts',
      'test/faults/t33-configuration-secrets.test.ts',
      'test/config/secrets.test.ts',
    ],
  },
  T17: {
    title: 'TLS that is not to be trusted',
    files: ['test/faults/t17-tls.test.ts', 'test/transport/tls.test.ts'],
  },
  T24: {
    title: "name servers of tenants that never answer, and the gateway's own look-ups",
    files: ['test/faults/t24-silent-dns.test.ts', 'test/transport/resolver.test.ts'],
  },
  T25: {
    title: 'names that change their address',
    files: ['test/faults/t25-rebinding.test.ts', 'test/transport/egress-guard.test.ts'],
  },
  T26: {
    title: 'addresses that are not public, in every form of their text',
    files: ['test/transport/egress-addresses.test.ts'],
  },
  T27: {
    title: 'hostile URLs',
    files: [
      'test/faults/t27-url-fuzz.test.ts',
      'test/faults/load/t27-url-fuzz.test.ts',
      'test/config/egress.test.ts',
    ],
  },
  T34: {
    title: 'log flood',
    files: ['test/faults/t34-log-flood.test.ts', 'test/faults/t34-many-tenants.test.ts'],
  },
  T35: {
    title: 'configuration churn',
    files: ['test/faults/load/t35-churn.test.ts'],
  },
  T36: {
    title: 'blank, half, huge and broken configuration pushes',
    files: [
      'test/faults/t36-bad-pushes.test.ts',
      'test/faults/load/t36-limit.test.ts',
      'test/delivery/live-changes.test.ts',
      'test/delivery/lookups.test.ts',
    ],
  },
  T37: {
    title: 'steps of the clock, and a process that stands still',
    files: [
      'test/faults/t37-clock-steps.test.ts',
      'test/faults/load/t37-suspension.test.ts',
      'test/regressions/delivery-time-and-end.test.ts',
    ],
  },
  T38: {
    title: 'a small heap',
    files: ['test/faults/load/t38-small-heap.test.ts'],
  },
  T39: {
    title: 'shutdown with healthy, dead and dripping collectors',
    files: [
      'test/faults/t39-shutdown.test.ts',
      'test/delivery/flush-and-shutdown.test.ts',
      'test/delivery/processes.test.ts',
    ],
  },
  T40: {
    title: 'SIGKILL at random times',
    files: ['test/faults/t40-flush-age.test.ts', 'test/faults/load/t40-sigkill.test.ts'],
  },
  T41: {
    title: 'canary soak',
    files: ['test/faults/load/t41-canary-soak.test.ts'],
  },
  T49: {
    title: 'a thousand tenants, one victim',
    files: ['test/faults/load/t49-one-victim.test.ts', 'test/faults/t49-many-names.test.ts'],
  },
  T50: {
    title: 'huge payloads',
    files: ['test/faults/t50-huge-payloads.test.ts', 'test/faults/t50-over-the-limit.test.ts'],
  },
  T51: {
    title: 'strict decoders read every payload',
    files: ['test/faults/t51-official-decoder.test.ts'],
  },
  T44: {
    title: 'the engine against a model',
    files: ['test/faults/t44-model.test.ts', 'test/faults/load/t44-model.test.ts'],
  },
  T45: {
    title: 'contexts of requests, tracing, a loop to itself',
    files: ['test/faults/load/t45-contexts.test.ts'],
  },
  T46: {
    title: 'the thread pool',
    files: ['test/faults/load/t46-thread-pool.test.ts'],
  },
  T48: {
    title: 'hooks of the host that throw, hang, lie, change what they are given, or call back',
    files: ['test/faults/t48-hooks.test.ts'],
  },
  T47: {
    title: 'the event loop with ten thousand records waiting',
    files: [
      'test/faults/t47-event-loop.test.ts',
      'test/faults/load/t47-event-loop.test.ts',
      'test/delivery/bounds.test.ts',
    ],
  },
} as const satisfies Readonly<Record<`T${number}`, Scenario>>;
