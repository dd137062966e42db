/** The built package on the Node versions that it says it runs on; the binaries come as npm packages. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/root.mjs';

const run = promisify(execFile);
const VERSIONS = ['22', '24'];
const INSTALL_TIMEOUT_MS = 180_000;

/** Serves one request with each module kind and prints what the receiver got. */
const PROGRAM = `
  const { createServer } = require('node:http');
  async function serve({ createGatewayTelemetry }, { httpTelemetry }, { startOtlpReceiver }) {
    const receiver = await startOtlpReceiver();
    const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: receiver.url } });
    const listener = (request, response) => {
      telemetry.tracer.startActiveSpan('work', (span) => span.end());
      response.end('ok');
    };
    const server = createServer(httpTelemetry(telemetry, listener, { route: 'orders' })).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    await (await fetch('http://127.0.0.1:' + server.address().port)).text();
    while (telemetry.status().openExchanges > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await telemetry.shutdown();
    server.closeAllConnections();
    server.close();
    const [work, served] = receiver.spans[0].name === 'work' ? receiver.spans : [...receiver.spans].reverse();
    await receiver.close();
    return [served.name, receiver.logs.length, receiver.metricPoints.length, work.parentSpanId === served.spanId];
  }
  const required = ['gateway-otel', 'gateway-otel/http', 'gateway-otel/testing'].map((door) => require(door));
  Promise.all(['gateway-otel', 'gateway-otel/http', 'gateway-otel/testing'].map((door) => import(door))).then(
    async (imported) => console.log(JSON.stringify([await serve(...required), await serve(...imported)])),
  );
`;

const isCovered = platform() === 'linux' && (arch() === 'x64' || arch() === 'arm64');

// The binaries are published per platform; other platforms are covered by running the tests there.
describe.runIf(isCovered).each(VERSIONS)('on Node %s', (version) => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-otel-node-'));
    const node = `node@npm:node-linux-${arch()}@${version}`;
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, node]);
  }, INSTALL_TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('both builds serve, record and export', async () => {
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    const { stdout: nodeVersion } = await run(node, ['--version']);
    expect(nodeVersion).toMatch(new RegExp(`^v${version}\\.`));
    // Examples and tests find the package by its own name, from inside the checkout.
    const { stdout } = await run(node, ['--input-type=commonjs', '-e', PROGRAM], { cwd: root });
    const expected = ['GET orders', 1, 2, true];
    expect(JSON.parse(stdout)).toEqual([expected, expected]);
  });

  it('every adapter tells every ending, and every proxy its upstream calls, as on this version', async () => {
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const folders = ['test/frameworks', 'test/proxies'];
    const { stdout } = await run(node, [vitest, 'run', '--project', 'source', ...folders], { cwd: root });
    expect(stdout).toMatch(/\b\d{3,} passed, 0 failed/);
  });
});
