import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { Server } from 'node:https';
import { createGatewayTelemetry } from 'gateway-otel';
import type { Exchange } from 'gateway-otel';
import { httpServerTelemetry, httpTelemetry } from 'gateway-otel/http';

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });

/** It stays the server that it was. */
export const secure: Server = httpServerTelemetry(
  telemetry,
  createSecureServer((_, response) => void response.end()),
  { tenant: (request) => request.headers.host },
);
export const plain = httpServerTelemetry(telemetry, createServer()).listen(0);
export const http2: Http2Server = httpServerTelemetry(telemetry, createHttp2Server());

/** Over HTTP/2 a listener may have the types of either. */
export const listeners = [
  createHttp2Server(httpTelemetry(telemetry, (request, response) => void response.end(request.url))),
  createHttp2Server(
    {},
    httpTelemetry(telemetry, (request, response) => void response.end(request.url)),
  ),
  createHttp2Server(
    httpTelemetry(
      telemetry,
      (request: Http2ServerRequest, response: Http2ServerResponse, exchange: Exchange) => {
        exchange.setRoute(request.authority);
        response.stream.end();
      },
      { tenant: (request) => request.authority },
    ),
  ),
];
