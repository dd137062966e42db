/** Scripted clients on real sockets. Each request says what it must give; anything else is an error. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';

/** What a client that traces by itself would send along. */
export const INBOUND = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

const small = Buffer.from(JSON.stringify({ item: 'book', copies: 2 }));
const large = randomBytes(1024 * 1024);
const json = { 'content-type': 'application/json' };
const traceparent = `00-${INBOUND.traceId}-${INBOUND.spanId}-01`;

/**
 * `ending` is `complete` unless the client hangs up or the gateway cuts the answer off. `errorType` is how telemetry must
 * name the failure; nothing for a success.
 */
const scenes = [
  { what: 'a plain GET', tenant: 'acme', path: '/orders/7?page=1', expect: { status: 200 } },
  {
    what: 'a GET that belongs to a trace',
    tenant: 'acme',
    path: '/orders/8',
    headers: { traceparent },
    expect: { status: 200 },
  },
  {
    what: 'a POST with a small body',
    tenant: 'acme',
    method: 'POST',
    path: '/orders',
    headers: { ...json, 'content-length': small.length },
    body: small,
    expect: { status: 201, digest: digestOf(small) },
  },
  { what: 'a redirect', tenant: 'acme', path: '/old-orders/7', expect: { status: 301 } },
  { what: 'something that is not there', tenant: 'acme', path: '/orders/9999', expect: { status: 404 } },
  {
    what: 'an upstream with a fault',
    tenant: 'acme',
    path: '/orders/broken',
    expect: { status: 500, errorType: '500' },
  },
  {
    what: 'a POST of 1 MiB in chunks',
    tenant: 'globex',
    method: 'POST',
    path: '/orders',
    body: large,
    expect: { status: 201, digest: digestOf(large) },
  },
  {
    what: 'an upstream that refuses the connection',
    tenant: 'globex',
    path: '/billing/7',
    expect: { status: 502, errorType: 'upstream_connect_error' },
  },
  {
    what: 'a POST to the upstream that refuses',
    tenant: 'globex',
    method: 'POST',
    path: '/billing',
    body: large,
    expect: { status: 502, errorType: 'upstream_connect_error' },
  },
  {
    what: 'a client that hangs up half way',
    tenant: 'globex',
    path: '/reports/daily',
    hangUp: true,
    expect: { status: 200, ending: 'hung up', errorType: 'client_disconnect' },
  },
  {
    what: 'an upstream that breaks off half way',
    tenant: 'globex',
    path: '/reports/cut',
    expect: { status: 200, ending: 'cut off', errorType: 'upstream_reset' },
  },
  { what: 'a request of no tenant', path: '/health', expect: { status: 200 } },
  { what: 'a path without a route', path: '/nowhere', expect: { status: 404 } },
];

const crowd = Array.from({ length: 24 }, (_, index) => ({
  tenant: ['acme', 'globex', undefined][index % 3],
  path: `/orders/${String(index + 1)}`,
  expect: { status: 200 },
}));

/**
 * Sends everything; throws on the first surprise. Gives back what telemetry has to know of: the number of requests, in all
 * and by tenant, and the type of every failure.
 */
export async function sendTraffic(gatewayUrl, print) {
  const agent = new http.Agent({ keepAlive: true });
  try {
    for (const scene of scenes) {
      const { status, ending } = await play(gatewayUrl, agent, scene);
      print(lineOf(scene, ending === 'complete' ? status : `${status}, ${ending}`));
    }
    await Promise.all(crowd.map((scene) => play(gatewayUrl, agent, scene)));
    const what = `${crowd.length} requests at once`;
    print(lineOf({ tenant: 'all', path: '/orders/…', what }, 200));
  } finally {
    agent.destroy();
  }
  const all = [...scenes, ...crowd];
  const byTenant = { acme: 0, globex: 0 };
  for (const { tenant } of all) if (tenant !== undefined) byTenant[tenant] += 1;
  const errorTypes = all.map(({ expect }) => expect.errorType).filter((type) => type !== undefined);
  return { total: all.length, byTenant, errorTypes };
}

function lineOf({ tenant = '-', method = 'GET', path, what }, answer) {
  return `  ${tenant.padEnd(8)}${method.padEnd(6)}${path.padEnd(19)}${String(answer).padEnd(14)}${what}`;
}

async function play(gatewayUrl, agent, scene) {
  const result = await send(gatewayUrl, agent, scene);
  const { status, ending = 'complete', digest } = scene.expect;
  const got = {
    status: result.status,
    ending: result.ending,
    ...(digest && { digest: JSON.parse(result.text) }),
  };
  const wanted = { status, ending, ...(digest && { digest }) };
  if (!isDeepStrictEqual(got, wanted)) {
    const { method = 'GET', path } = scene;
    throw new Error(`${method} ${path} gave ${JSON.stringify(got)}; expected ${JSON.stringify(wanted)}.`);
  }
  return result;
}

function send(gatewayUrl, agent, { tenant, method = 'GET', path, headers, body, hangUp = false }) {
  return new Promise((resolve, reject) => {
    const request = http.request(gatewayUrl + path, {
      method,
      agent,
      headers: { ...(tenant !== undefined && { 'x-tenant': tenant }), ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      const end = (ending) => resolve({ status: response.statusCode, ending, text });
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
        if (!hangUp) return;
        request.destroy();
        end('hung up');
      });
      response.on('end', () => end('complete'));
      response.on('error', () => end('cut off'));
    });
    if (body === undefined) request.end();
    else Readable.from(piecesOf(body)).pipe(request);
  });
}

function* piecesOf(body, size = 64 * 1024) {
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}

function digestOf(body) {
  return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}
