import { describeSources } from '../cases/sources.js';
import { everyAdapter } from './every-adapter.js';

for (const adapter of everyAdapter) describeSources(adapter);
