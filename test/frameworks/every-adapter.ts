/** Every adapter on every version of its framework. */
import type { AdapterUnderTest } from '../cases/adapter-under-test.js';
import { nodeHttp } from './http.js';

export const everyAdapter: readonly AdapterUnderTest[] = [nodeHttp];
