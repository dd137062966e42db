/** The guard at the moment of connecting: what passes, what does not, and that nothing of a request gets out before. */
import type { LookupAddress } from 'node:dns';
import { Agent } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { resolveTenantEgress } from '../../src/config/egress.js';
import type { TenantEgress } from '../../src/model/destination.js';
import type { EgressPolicy } from '../../src/model/egress.js';
import type { EgressGuardOptions } from '../../src/transport/egress-guard.js';
import { selfTestEgress } from '../../src/transport/egress-self-test.js';
import { eventually } from '../delivery/support.js';
import { issue, issueCa } from '../support/certificates.js';
import { BLOCKED, DELIVERED, guarded, startServer, trusting } from './guarded.js';

const LOOPBACK = { allowCidrs: ['127.0.0.0/8'] };

/** A name's addresses, one list after another, the last one for good. */
function naming(...answers: readonly (readonly string[])[]): NonNullable<EgressGuardOptions['resolver']> {
  let turn = 0;
  return {
    lookup(_host, answer) {
      const texts = answers[Math.min(turn++, answers.length - 1)] ?? [];
      const found = texts.map((address): LookupAddress => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }));
      process.nextTick(answer, found.length > 0 ? found : undefined);
    },
    close: () => undefined,
  };
}

/** The seven ways in that every guard has to know, at one server, which has seen the one good request in the end. */
describe.each(['http', 'https'] as const)('the seven cases, by %s', (scheme) => {
  const root = issueCa();
  const setup = async () => {
    const inner = await startServer();
    const tls = scheme === 'https' ? issue({ by: root, hosts: ['collector.example.com'] }) : undefined;
    const server = await startServer((response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${inner.port}/` }).end();
    }, tls);
    const send = (host: string, options: Parameters<typeof guarded>[1], egress: TenantEgress = 'public') =>
      guarded(egress, options).send(
        `${scheme}://${host}:${server.port}/`,
        scheme === 'https' ? trusting(root.cert) : undefined,
      );
    return { inner, server, send };
  };

  it.each<[string, string, readonly string[]]>([
    ['1: a literal', '127.0.0.1', []],
    ['2: a decimal', '2130706433', []],
    ['3: a mapped address', '[::ffff:127.0.0.1]', []],
    ['4: a name that is loopback', 'collector.example.com', ['127.0.0.1']],
    ['5: a name that is public and loopback', 'collector.example.com', ['8.8.8.8', '127.0.0.1']],
  ])('%s is blocked before there is a connection', async (_what, host, addresses) => {
    const { server, send } = await setup();
    expect(await send(host, { resolver: naming(addresses) })).toEqual(BLOCKED);
    expect(server.connections).toHaveLength(0);
  });

  it('6: a look-up that lies is found out by the socket, before a byte is sent', async () => {
    const { server, send } = await setup();
    let asked = 0;
    // It believes the first answer, and the socket tells another story.
    const policy = { ...resolveTenantEgress('public'), allowsAddress: () => asked++ === 0 };
    const resolver = naming(['127.0.0.1']);
    expect(await send('collector.example.com', { policy, resolver })).toEqual(BLOCKED);
    await eventually(() => expect(server.connections.every(({ destroyed }) => destroyed)).toBe(true));
    expect(server.bytes()).toBe(0);
  });

  it('7: what is allowed is asked, once, and its redirect inside is not followed', async () => {
    const { inner, server, send } = await setup();
    expect(await send('collector.example.com', { resolver: naming(['127.0.0.1']) }, LOOPBACK)).toEqual({
      kind: 'refused',
      errorClass: 'redirect',
      reason: 'refused',
    });
    expect(server.requests).toHaveLength(1);
    expect(inner.connections).toHaveLength(0);
  });
});

describe('under the public rules', () => {
  it.each([
    ['an address', '127.0.0.1'],
    ['a number', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['hexadecimal', '0x7f.1'],
    ['IPv6 loopback', '[::1]'],
    ['a mapped address', '[::ffff:127.0.0.1]'],
    ['a compatible address', '[::127.0.0.1]'],
    ['NAT64', '[64:ff9b::127.0.0.1]'],
    ['any address', '0.0.0.0'],
    ['full-width digits', '１２７.０.０.１'],
    ['the root dot', '127.0.0.1.'],
  ])('%s of our own is blocked before there is a socket', async (_what, host) => {
    const server = await startServer();
    expect(await guarded('public').send(`http://${host}:${server.port}/`)).toEqual(BLOCKED);
    expect(server.connections).toHaveLength(0);
  });

  it.each<[string, readonly string[]]>([
    ['to loopback', ['127.0.0.1']],
    ['to a public address and loopback', ['8.8.8.8', '127.0.0.1']],
    ['to a mapped address', ['::ffff:127.0.0.1']],
    ['to metadata', ['169.254.169.254']],
    ['to Azure', ['168.63.129.16']],
    ['to nonsense', ['not an address']],
  ])('a name %s is blocked', async (_what, addresses) => {
    const server = await startServer();
    const { send } = guarded('public', { resolver: naming(addresses) });
    expect(await send(`http://collector.example.com:${server.port}/`)).toEqual(BLOCKED);
    expect(server.connections).toHaveLength(0);
  });

  it('a name server that is silent is told from a host that is', async () => {
    const { send } = guarded('public', { resolver: { lookup: () => undefined, close: () => undefined } });
    const times = { connectTimeoutMs: 200 };
    const dns = { kind: 'retry', errorClass: 'dns' };
    expect(await send('https://collector.example.com/', undefined, times)).toEqual(dns);
    expect(await send('http://collector.example.com/', undefined, times)).toEqual(dns);
  });

  it('a name without an address is no secret', async () => {
    const { send } = guarded('public', { resolver: naming([]) });
    expect(await send('https://collector.example.com/')).toEqual({ kind: 'retry', errorClass: 'dns' });
  });
});

describe('what is connected to after all', () => {
  /** Believes what the name is said to be, and not what the socket then says: as with a runtime that goes its own way. */
  const suspicious = (): EgressPolicy => {
    const asked: unknown[] = [];
    return { ...resolveTenantEgress(LOOPBACK), allowsAddress: (text) => asked.push(text) === 1 };
  };

  it('is looked at before a byte of the request is sent, over plain http', async () => {
    const server = await startServer();
    const { send } = guarded(LOOPBACK, { policy: suspicious(), resolver: naming(['127.0.0.1']) });
    expect(await send(`http://collector.example.com:${server.port}/`)).toEqual(BLOCKED);
    await eventually(() => expect(server.connections.map(({ destroyed }) => destroyed)).toEqual([true]));
    expect(server.bytes()).toBe(0);
  });

  it('is looked at before the handshake, over TLS', async () => {
    const root = issueCa();
    const server = await startServer(undefined, issue({ by: root }));
    const { send } = guarded(LOOPBACK, { policy: suspicious(), resolver: naming(['127.0.0.1']) });
    expect(await send(`https://localhost:${server.port}/`, trusting(root.cert))).toEqual(BLOCKED);
    await eventually(() => expect(server.connections.map(({ destroyed }) => destroyed)).toEqual([true]));
    expect(server.bytes()).toBe(0);
  });
});

describe('where lists allow it', () => {
  it('an address and a name are reached, and a redirect is not followed', async () => {
    const inner = await startServer();
    const server = await startServer((response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${inner.port}/` }).end();
    });
    const { send } = guarded(LOOPBACK, { resolver: naming(['127.0.0.1']) });
    const redirect = { errorClass: 'redirect', kind: 'refused', reason: 'refused' };
    expect(await send(`http://127.0.0.1:${server.port}/`)).toEqual(redirect);
    expect(await send(`http://collector.example.com:${server.port}/`)).toEqual(redirect);
    expect(server.requests).toHaveLength(2);
    expect(inner.connections).toHaveLength(0);
  });

  it('the certificate still has to be that of the name', async () => {
    const root = issueCa();
    const server = await startServer(undefined, issue({ by: root, hosts: ['collector.example.com'] }));
    const { send } = guarded(LOOPBACK, { resolver: naming(['127.0.0.1']) });
    expect(await send(`https://collector.example.com:${server.port}/`, trusting(root.cert))).toEqual(
      DELIVERED,
    );
    expect(server.requests[0]?.headers.host).toBe(`collector.example.com:${server.port}`);
    expect(await send(`https://other.example.com:${server.port}/`, trusting(root.cert))).toEqual({
      kind: 'retry',
      errorClass: 'tls',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('a denied address stays denied, also where everything else is open', async () => {
    const server = await startServer();
    const url = `http://127.0.0.1:${server.port}/`;
    expect(await guarded({ ...LOOPBACK, denyCidrs: ['127.0.0.1'] }).send(url)).toEqual(BLOCKED);
    expect(await guarded({ policy: 'open', denyCidrs: ['127.0.0.0/8'] }).send(url)).toEqual(BLOCKED);
    expect(await guarded({ policy: 'open', selfHosts: ['127.0.0.1'] }).send(url)).toEqual(BLOCKED);
    expect(server.connections).toHaveLength(0);
    expect(await guarded('open').send(url)).toEqual(DELIVERED);
  });

  it.each<[string, readonly string[], string, readonly string[]]>([
    ['a name of its own', ['gateway.example.com'], 'gateway.example.com', ['127.0.0.1']],
    ['a name of its own, in capitals', ['GATEWAY.example.com'], 'Gateway.Example.COM.', ['127.0.0.1']],
    ['one of a family', ['*.example.com'], 'a.b.example.com', ['127.0.0.1']],
    ['an alias of its address', ['127.0.0.1'], 'alias.example.org', ['127.0.0.1']],
    ['an alias of its address within IPv6', ['127.0.0.1'], 'alias.example.org', ['::ffff:127.0.0.1']],
    ['an alias of localhost', ['localhost'], 'alias.example.org', ['127.0.0.1']],
    ['any address, which is loopback', ['localhost'], 'alias.example.org', ['0.0.0.0']],
    ['a mapped address', ['::ffff:127.0.0.1'], 'alias.example.org', ['127.0.0.1']],
  ])('the gateway itself is refused at connect too: %s', async (_what, selfHosts, host, addresses) => {
    const server = await startServer();
    for (const policy of ['open', 'public'] as const) {
      const { send } = guarded({ ...LOOPBACK, policy, selfHosts }, { resolver: naming(addresses) });
      expect(await send(`http://${host}:${server.port}/`)).toEqual(BLOCKED);
    }
    expect(server.connections).toHaveLength(0);
  });

  it('the gateway itself is not asked for by way of a proxy', async () => {
    const server = await startServer();
    const proxy = `http://127.0.0.1:${server.port}`;
    const { send } = guarded({ selfHosts: ['gateway.example.com'], proxy });
    expect(await send('http://gateway.example.com/')).toEqual(BLOCKED);
    expect(server.connections).toHaveLength(0);
  });

  it('a socket that is open is used again without a question', async () => {
    const server = await startServer();
    let asked = 0;
    const { lookup, close } = naming(['127.0.0.1'], ['10.0.0.1']);
    const counting: NonNullable<EgressGuardOptions['resolver']> = {
      lookup: (host, answer) => {
        asked++;
        lookup(host, answer);
      },
      close,
    };
    const { send, hold } = guarded(LOOPBACK, { resolver: counting });
    const url = `http://collector.example.com:${server.port}/`;
    hold(url);
    expect(await send(url)).toEqual(DELIVERED);
    expect(await send(url)).toEqual(DELIVERED);
    expect([asked, server.connections.length]).toEqual([1, 1]);
  });
});

describe('the open policy', () => {
  it('knows the names of the hosts file', async () => {
    const server = await startServer();
    expect(await guarded('open').send(`http://localhost:${server.port}/`)).toEqual(DELIVERED);
  });
});

describe('the self-test', () => {
  it('holds in this runtime', async () => expect(await selfTestEgress()).toBe(true));

  it('fails where Node connects without asking the guard', async () => {
    const agents = Agent.prototype as unknown as { createSocket(this: Agent, ...rest: unknown[]): void };
    const { createSocket } = agents;
    const { createConnection } = new Agent();
    onTestFinished(() => void (agents.createSocket = createSocket));
    // A runtime whose agents make sockets without the function that was put in place of theirs.
    agents.createSocket = function (...rest) {
      this.createConnection = createConnection;
      createSocket.apply(this, rest);
    };
    expect(await selfTestEgress()).toBe(false);
  });

  it.each<[string, () => Promise<boolean>]>([
    ['says no', () => Promise.resolve(false)],
    ['fails', () => Promise.reject(new Error('x'))],
  ])('keeps everything off when it %s, and says so once', async (_what, selfTest) => {
    const server = await startServer();
    const onBroken = vi.fn();
    const { send } = guarded(LOOPBACK, { selfTest, onBroken });
    const results = await Promise.all([1, 2, 3].map(() => send(`http://127.0.0.1:${server.port}/`)));
    for (const result of results) expect(result).toEqual({ kind: 'retry', errorClass: 'egress_guard' });
    expect(await send(`http://127.0.0.1:${server.port}/`)).toEqual(results[0]);
    expect(server.connections).toHaveLength(0);
    expect(onBroken).toHaveBeenCalledOnce();
  });

  it('is not asked under the open policy, which promises nothing', async () => {
    const selfTest = vi.fn(() => Promise.resolve(false));
    const server = await startServer();
    expect(await guarded('open', { selfTest }).send(`http://127.0.0.1:${server.port}/`)).toEqual(DELIVERED);
    expect(selfTest).not.toHaveBeenCalled();
  });
});
