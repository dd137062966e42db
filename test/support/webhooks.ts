/** A sender of webhooks as gateways have one: a real receiver, real calls, one attempt each. */
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayTelemetry, WebhookDelivery, WebhookOptions } from '../../src/index.js';
import { startUpstream, type Upstream } from './upstream.js';

export interface WebhookReceiver extends Upstream {
  /** What came, in the order of arrival. */
  readonly arrived: readonly IncomingHttpHeaders[];
}

/** Answers what the path says; `/reset` breaks off, and anything else is 200. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((incoming, response) => {
    arrived.push(incoming.headers);
    if (incoming.url === '/reset') incoming.socket.destroy();
    else response.writeHead(Number(/^\/(\d{3})/.exec(incoming.url ?? '')?.[1] ?? 200)).end();
  });
  return { ...upstream, arrived };
}

export interface Attempted {
  readonly delivery: WebhookDelivery;
  readonly headers: Record<string, string>;
}

/** One attempt over a real socket, told as a sender tells it. Resolves in any case. */
export function deliver(
  telemetry: GatewayTelemetry,
  url: string,
  options: Partial<WebhookOptions> = {},
  retryCount?: number,
): Promise<Attempted> {
  const delivery = telemetry.webhook({ tenant: 'acme', eventType: 'order.created', url, ...options });
  const headers: Record<string, string> = {};
  delivery.inject(headers);
  return new Promise((resolve) => {
    const call = request(url, { method: 'POST', headers, agent: false }, (answer) => {
      delivery.end({ statusCode: answer.statusCode, retryCount });
      answer.resume().on('end', () => resolve({ delivery, headers }));
    });
    call.on('error', (error) => {
      delivery.end({ error, retryCount });
      resolve({ delivery, headers });
    });
    call.end('{}');
  });
}
