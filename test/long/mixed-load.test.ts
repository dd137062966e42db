import { describeMixedLoad } from '../cases/mixed-load.js';
import { everyAdapter } from '../frameworks/every-adapter.js';

for (const adapter of everyAdapter) describeMixedLoad(adapter);
