/** Tests a destination: one marked record per signal, one attempt each, all at once. Knows no queue, ledger or health. */
import type {
  DestinationResource,
  OutgoingRecord,
  SenderFactory,
  SendResult,
  TakenReading,
} from '../model/delivery.js';
import type { DestinationTestResult, SignalTestResult } from '../model/destination-test.js';
import type { Envelopes } from '../model/encoding.js';
import type { Audience, ResolvedDestination, Target } from '../model/resolved-destination.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import { Batch } from './batch.js';
import { MAX_TEST_MS } from './bounds.js';
import { outside } from './outside.js';
import { createTestLimit } from './test-limit.js';
import {
  BLOCKED,
  DISABLED,
  RATE_LIMITED_HERE,
  SDK_DISABLED,
  SHUT_DOWN,
  TIMEOUT,
  verdictOf,
  type Verdict,
} from './test-verdict.js';

export interface DestinationTestsOptions {
  readonly envelopes: Envelopes;
  readonly records: {
    traces(): OutgoingRecord;
    logs(): OutgoingRecord;
    metrics(): TakenReading;
  };
  /** Nothing else uses what it opens. */
  openSender: SenderFactory;
  resourceFor(audience: Audience, destination: ResolvedDestination): DestinationResource;
  /** What is known to be out of bounds before anything is connected. */
  isBlocked(target: Target, audience: Audience): boolean;
  readonly sdkDisabled: boolean;
  monotonicMs(): number;
}

export interface DestinationTests {
  /** Never rejects, and resolves within the destination's `timeoutMs`, or `MAX_TEST_MS` where that is less. */
  run(destination: ResolvedDestination, audience: Audience): Promise<DestinationTestResult>;
  /** What runs is over at once. */
  close(): void;
}

interface Attempt {
  readonly signal: Signal;
  readonly target: Target;
  readonly resource: DestinationResource;
}

const INTERNAL: SendResult = { kind: 'retry', errorClass: 'internal' };

export function createDestinationTests(options: DestinationTestsOptions): DestinationTests {
  const { envelopes, records, openSender, resourceFor, isBlocked, sdkDisabled, monotonicMs } = options;
  const limit = createTestLimit(monotonicMs);
  const running = new Set<(verdict: Verdict) => void>();
  let isClosed = false;

  const attempt = async ({ signal, target, resource }: Attempt): Promise<Verdict> => {
    const batch = new Batch(
      { signal, envelopes, asObjects: target.kind === 'exporter' },
      { resource, bornMs: monotonicMs(), sequence: 0 },
    );
    if (signal === 'metrics') batch.addReading(records.metrics());
    else batch.add(records[signal]());
    const sender = openSender(target);
    const abort = new AbortController();
    const timeoutMs = target.kind === 'otlp' ? target.sending.timeoutMs : MAX_TEST_MS;
    // First: of two deadlines at the same moment, the sender's knows what it was waiting for.
    const answered = sender
      .send(batch, abort.signal)
      .catch(() => INTERNAL)
      .then((result) => verdictOf(result, signal, target));
    let end: (verdict: Verdict) => void = () => undefined;
    let timer: NodeJS.Timeout | undefined;
    // The sender has deadlines of its own; this one also holds for a headers function or an exporter that hangs.
    const ended = new Promise<Verdict>((resolve) => {
      end = resolve;
      timer = setTimeout(() => resolve(TIMEOUT), Math.min(timeoutMs, MAX_TEST_MS));
      running.add(end);
    });
    try {
      return await Promise.race([answered, ended]);
    } finally {
      clearTimeout(timer);
      running.delete(end);
      abort.abort();
      sender.close();
    }
  };

  const timed = async (of: Attempt): Promise<SignalTestResult> => {
    const startMs = monotonicMs();
    const { outcome, message } = await attempt(of);
    return { outcome, durationMs: Math.round(monotonicMs() - startMs), message };
  };

  return {
    async run(destination, audience) {
      const targets = SIGNALS.flatMap((signal) => {
        const target = destination.targets[signal];
        return target === undefined ? [] : [{ signal, target }];
      });
      const all = (verdict: Verdict): DestinationTestResult =>
        resultOf(targets.map(({ signal }) => [signal, untried(verdict)]));
      if (sdkDisabled) return all(SDK_DISABLED);
      if (isClosed) return all(SHUT_DOWN);
      if (destination.disabled) return all(DISABLED);
      const resource = resourceFor(audience, destination);
      // Nothing that could throw may come between this and its end.
      const done = limit.begin(audience);
      if (done === undefined) return all(RATE_LIMITED_HERE);
      const answers = targets.map(async ({ signal, target }) => {
        const answer = isBlocked(target, audience)
          ? untried(BLOCKED)
          : // Whoever asks does so within a request of an administrator's.
            await outside(() => timed({ signal, target, resource }));
        return [signal, answer] as const;
      });
      const settled = await Promise.all(answers).finally(done);
      return resultOf(settled);
    },
    close() {
      isClosed = true;
      for (const end of running) end(SHUT_DOWN);
    },
  };
}

const untried = ({ outcome, message }: Verdict): SignalTestResult => ({ outcome, durationMs: 0, message });

function resultOf(answers: readonly (readonly [Signal, SignalTestResult])[]): DestinationTestResult {
  const ok = answers.length > 0 && answers.every(([, { outcome }]) => outcome === 'ok');
  return { ok, signals: Object.fromEntries(answers) };
}
