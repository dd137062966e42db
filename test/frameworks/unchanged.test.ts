import { describeUnchanged } from '../cases/unchanged.js';
import { everyAdapter } from './every-adapter.js';

for (const adapter of everyAdapter) describeUnchanged(adapter);
