/** The variables of this door. Nothing here throws. An empty variable counts as unset. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SentryVariables {
  /** `SENTRY_DSN_BACKEND`. `SENTRY_DSN` is the browser's, and is not read. */
  readonly dsn: string | undefined;
  /** `SENTRY_ENVIRONMENT` */
  readonly environment: string | undefined;
  /** `SENTRY_RELEASE` */
  readonly release: string | undefined;
}

export function readVariables(env: Environment | false | undefined): SentryVariables {
  const variables = env === false ? {} : (env ?? process.env);
  const text = (name: string): string | undefined => {
    const value: unknown = variables[name];
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  };
  return {
    dsn: text('SENTRY_DSN_BACKEND'),
    environment: text('SENTRY_ENVIRONMENT'),
    release: text('SENTRY_RELEASE'),
  };
}

/** What a child needs to speak TLS as its parent does. Not `NODE_OPTIONS`: a debugger or an agent would start in it too. */
const CHILD_VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'SystemRoot'];

export function childEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of CHILD_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
