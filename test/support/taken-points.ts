/** Looks into readings as a destination would. */
import type { TakenReading } from '../../src/model/delivery.js';
import { createEnvelopes } from '../../src/otlp/encoders.js';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import type { ReceivedMetricPoint } from '../../src/testing/index.js';
import { metricPointsOf } from '../../src/testing/metric-records.js';
import { assertSameAsOfficial } from '../testing/official-decoder.js';

const envelopes = createEnvelopes();

/** The points of one reading; each part must say how many it has, and say the same to the official decoder. */
export function takenPoints(parts: Iterable<TakenReading>): readonly ReceivedMetricPoint[] {
  return [...parts].flatMap(({ scope, bytes, points }) => {
    const request = envelopes.request(envelopes.resource({}), [{ scope: scope.bytes, body: bytes }]);
    assertSameAsOfficial('metrics', request);
    const found = metricPointsOf(decodeOtlpRequest('metrics', request), {});
    if (found.length !== points)
      throw new Error(`The reading has ${found.length} points and says ${points}.`);
    return found;
  });
}
