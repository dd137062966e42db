/** A host that is tested with Jest, in CommonJS: its modules run in a vm, without native import(). */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { doors, doorSpecifier } from '../../scripts/doors.mjs';
import { root } from '../../scripts/root.mjs';
import { createPackedProject, type PackedProject } from './packed-project.js';

const frameworks = ['express', 'koa', '@koa/router', 'fastify', 'hono', '@hono/node-server'];
let project: PackedProject;

beforeAll(async () => {
  project = await createPackedProject(frameworks);
});

afterAll(() => {
  project?.remove();
});

/** What a host writes: every framework serves a request, and the operator's receiver has its records. */
const HOST_TEST = `
const { createServer } = require('node:http');
const { createGatewayTelemetry } = require('gateway-otel');
const { startOtlpReceiver } = require('gateway-otel/testing');
const { httpTelemetry } = require('gateway-otel/http');
const { expressTelemetry } = require('gateway-otel/express');
const { koaTelemetry } = require('gateway-otel/koa');
const { fastifyTelemetry } = require('gateway-otel/fastify');
const { honoTelemetry } = require('gateway-otel/hono');

const servers = {
  http: (telemetry) => createServer(httpTelemetry(telemetry, (_, response) => response.end('ok'))),
  express(telemetry) {
    const app = require('express')();
    app.use(expressTelemetry(telemetry)).get('/x', (_, response) => response.end('ok'));
    return createServer(app);
  },
  koa(telemetry) {
    const app = new (require('koa'))();
    app.use(koaTelemetry(telemetry)).use((context) => (context.body = 'ok'));
    return createServer(app.callback());
  },
  async fastify(telemetry) {
    const app = require('fastify')();
    app.register(fastifyTelemetry(telemetry)).get('/x', async () => 'ok');
    await app.ready();
    return app.server;
  },
  hono(telemetry) {
    const app = new (require('hono').Hono)();
    app.use(honoTelemetry(telemetry)).get('/x', (context) => context.text('ok'));
    return require('@hono/node-server').createAdaptorServer(app);
  },
};

test.each(%DOORS%)('%s can be required', (door) => {
  expect(Object.keys(require(door))).not.toEqual([]);
});

test.each(Object.entries(servers))('%s serves under telemetry', async (name, build) => {
  const receiver = await startOtlpReceiver();
  const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: receiver.url } });
  const server = await build(telemetry);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const answer = await fetch('http://127.0.0.1:' + server.address().port + '/x', { headers: { connection: 'close' } });
  expect(await answer.text()).toBe('ok');
  telemetry.tracer.startSpan('work').end();
  telemetry.logger.emit({ body: 'work' });
  while (telemetry.status().openExchanges > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  expect((await telemetry.shutdown({ timeoutMs: 5000 })).complete).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  await receiver.close();
  expect(receiver.spans.map((span) => span.attributes['url.path'])).toContain('/x');
  expect(receiver.logs).toHaveLength(2);
});
`;

it('requires every door and serves a request with every framework', { timeout: 120_000 }, async () => {
  const specifiers = Object.keys(doors).map(doorSpecifier);
  project.write('doors.test.js', HOST_TEST.replace('%DOORS%', JSON.stringify(specifiers)));
  project.write('jest.config.js', `module.exports = { testEnvironment: 'node', cacheDirectory: '.jest' };\n`);
  const { code, printed } = await jest(project.folder);
  expect(printed).toContain(`Tests:       ${specifiers.length + 5} passed, ${specifiers.length + 5} total`);
  expect(code).toBe(0);
});

/** Jest as its command runs it. Open handles would keep it from ending, and it says so. */
function jest(cwd: string): Promise<{ readonly code: number; readonly printed: string }> {
  const cli = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, '--no-watchman'],
      { cwd, env, timeout: 100_000 },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), printed: stdout + stderr }),
    );
  });
}
