import { describeHttp2Endings } from '../cases/endings-http2.js';
import { describeContextAndListeners } from '../cases/context-and-listeners.js';
import { describeEndingsOnOneConnection } from '../cases/endings-on-one-connection.js';
import { describeEndings } from '../cases/endings.js';
import { everyAdapter } from './every-adapter.js';

for (const adapter of everyAdapter) {
  describeEndings(adapter);
  describeEndingsOnOneConnection(adapter);
  describeContextAndListeners(adapter);
  describeHttp2Endings(adapter);
}
