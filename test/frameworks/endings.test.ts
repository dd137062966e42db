import { describeHttp2Endings } from '../cases/endings-http2.js';
import { describeEndings } from '../cases/endings.js';
import { everyAdapter } from './every-adapter.js';

for (const adapter of everyAdapter) {
  describeEndings(adapter);
  describeHttp2Endings(adapter);
}
