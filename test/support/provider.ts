/** A server that answers as a provider of models does, in words of its own. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Provider {
  readonly url: string;
  readonly origin: string;
  readonly port: number;
}

export type Answer = (response: ServerResponse, body: string) => void | Promise<void>;

/** Answers each request so, for the running test. */
export async function startProvider(answer: Answer): Promise<Provider> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => void answer(response, Buffer.concat(parts).toString()));
  });
  server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return { url: `${origin}/v1/chat/completions`, origin, port };
}

export const CHAT_ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  system_fingerprint: 'fp_1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'canary-content' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 120,
    completion_tokens: 45,
    prompt_tokens_details: { cached_tokens: 100 },
    completion_tokens_details: { reasoning_tokens: 5 },
  },
};

const chunk = (delta: object, finish_reason: string | null, usage: object | null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-2',
    object: 'chat.completion.chunk',
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, delta, finish_reason }],
    usage,
  })}\n\n`;

/** Events of one answer, the last with its usage. */
export const CHAT_EVENTS: readonly string[] = [
  chunk({ role: 'assistant', content: '' }, null, null),
  chunk({ content: 'canary-content' }, null, null),
  chunk({}, 'stop', { prompt_tokens: 7, completion_tokens: 3 }),
  'data: [DONE]\n\n',
];

export const EVENT_STREAM = { 'content-type': 'text/event-stream' };
