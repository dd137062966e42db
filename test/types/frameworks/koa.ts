import Koa from 'koa';
import type { Context, DefaultContext, ParameterizedContext } from 'koa';
import { createGatewayTelemetry } from 'gateway-otel';
import { koaTelemetry } from 'gateway-otel/koa';

interface State {
  tenantId?: string;
}

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });

const plain = new Koa();
plain.use(koaTelemetry(telemetry));
plain.use(koaTelemetry(telemetry, { tenant: (context: Context) => context.get('x-tenant') }));

const app = new Koa<State>();
app.use(
  koaTelemetry(telemetry, {
    tenant: (context: ParameterizedContext<State, DefaultContext>) => context.state.tenantId,
  }),
);
app.use((context) => {
  telemetry.of(context).setTenant(context.state.tenantId);
});

// @ts-expect-error It is the state that the application declares.
app.use(koaTelemetry(telemetry, { tenant: (context: ParameterizedContext<State>) => context.state.nothing }));
// @ts-expect-error A context that is not said is no any.
app.use(koaTelemetry(telemetry, { tenant: (context) => context.nothing }));
// @ts-expect-error An option has a type.
app.use(koaTelemetry(telemetry, { ignore: true }));
