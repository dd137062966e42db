import { countCompressing } from './pool-probe.js';

countCompressing();
