/** A name server on loopback, over UDP and TCP, that answers whatever the test wants, or nothing. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { parseAddress } from '../../src/model/ip-address.js';

export interface DnsRecord {
  readonly type: 'A' | 'AAAA' | 'CNAME';
  /** An address, or a name. */
  readonly value: string;
  readonly ttl?: number;
  /** Default: the name that was asked for. */
  readonly name?: string;
}

/** `silent`: no answer at all; `unknown`: there is no such name. */
export type DnsAnswer = readonly DnsRecord[] | 'silent' | 'unknown';

export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA';
}

export interface FakeDns {
  /** For `setServers`. */
  readonly server: string;
  readonly questions: readonly Question[];
  close(): Promise<void>;
}

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;
const MAX_UDP_BYTES = 512;

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function recordBytes({ type, value, ttl = 60, name }: DnsRecord, asked: string): Buffer {
  const data = type === 'CNAME' ? nameBytes(value) : Buffer.from(parseAddress(value) ?? []);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(name ?? asked), fixed, data]);
}

function readQuestion(query: Buffer): { readonly question: Question; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1) === TYPES.AAAA ? 'AAAA' : 'A';
  return { question: { name: labels.join('.').toLowerCase(), type }, end: at + 5 };
}

/** `undefined`: nothing is to be sent. */
function answerTo(
  query: Buffer,
  answer: DnsAnswer,
  { question, end }: ReturnType<typeof readQuestion>,
  maxBytes: number,
): Buffer | undefined {
  if (answer === 'silent') return undefined;
  const records = answer === 'unknown' ? [] : answer;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(answer === 'unknown' ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const body = records.map((record) => recordBytes(record, question.name));
  const whole = Buffer.concat([header, query.subarray(12, end), ...body]);
  if (whole.length <= maxBytes) return whole;
  // Truncated: to be asked again over TCP.
  header.writeUInt16BE(0x8380, 2);
  header.writeUInt16BE(0, 6);
  return Buffer.concat([header, query.subarray(12, end)]);
}

export async function startFakeDns(
  answer: (question: Question, turn: number) => DnsAnswer,
): Promise<FakeDns> {
  const questions: Question[] = [];
  const turns = new Map<string, number>();
  const answerOnce = (query: Buffer, maxBytes: number): Buffer | undefined => {
    const read = readQuestion(query);
    const key = `${read.question.type} ${read.question.name}`;
    const turn = turns.get(key) ?? 0;
    const reply = answerTo(query, answer(read.question, turn), read, maxBytes);
    const isTruncated = reply !== undefined && (reply.readUInt16BE(2) & 0x200) !== 0;
    if (!isTruncated) {
      turns.set(key, turn + 1);
      questions.push(read.question);
    }
    return reply;
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const query = pending.subarray(2, 2 + pending.readUInt16BE(0));
        pending = pending.subarray(2 + query.length);
        const reply = answerOnce(query, 65_535);
        if (reply === undefined) continue;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      }
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp: UdpSocket = createSocket('udp4', (query, from) => {
    const reply = answerOnce(query, MAX_UDP_BYTES);
    if (reply !== undefined) udp.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  return {
    server: `127.0.0.1:${port}`,
    questions,
    close: () =>
      new Promise((resolve) => {
        udp.close();
        tcp.close(() => resolve());
      }),
  };
}
