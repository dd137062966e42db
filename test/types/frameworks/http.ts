import { createServer } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import express from 'express';
import Koa from 'koa';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });
const app = express();
const koa = new Koa().callback();

createServer(httpTelemetry(telemetry, app, { tenant: (request) => request.headers['x-tenant'] }));
createTlsServer({}, httpTelemetry(telemetry, koa));
createServer2((request, response) => response.end(request.url));
