import { describeProxyLoad } from '../cases/proxy-load.js';
import { everyProxy } from '../proxies/every-proxy.js';

for (const proxy of everyProxy) describeProxyLoad(proxy);
