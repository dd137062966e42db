/** Programs of the load scenarios in processes of their own, so that what is measured there is theirs alone. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/root.mjs';
import { createProgramFolder, programEnvironment, translate } from '../../delivery/child.js';
import type { Call, Commands, Reply } from './programs/commands.js';

/** A running program, called by the names of its commands. */
export interface Program<C extends Commands> {
  call<K extends keyof C & string>(
    command: K,
    ...argument: Parameters<C[K]>
  ): Promise<Awaited<ReturnType<C[K]>>>;
  /** As the kernel does it: nothing is said goodbye to. */
  kill(): Promise<void>;
  /** Lets it end by itself. The exit code; `null`: a signal ended it. */
  end(): Promise<number | null>;
  readonly errors: string;
}

export interface Programs {
  /** Starts `programs/<name>.ts`, with further options of Node's if need be. */
  start<C extends Commands>(name: string, nodeOptions?: readonly string[]): Promise<Program<C>>;
  /** Ends all of them. */
  close(): Promise<void>;
}

export function createPrograms(): Programs {
  const folder = createProgramFolder();
  for (const part of ['src', 'test/faults/load']) translate(join(root, part), join(folder, part));
  const children = new Set<ChildProcess>();

  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };

  return {
    async start<C extends Commands>(name: string, nodeOptions: readonly string[] = []): Promise<Program<C>> {
      const child = fork(join(folder, 'test/faults/load/programs', `${name}.js`), {
        env: programEnvironment(),
        execArgv: ['--expose-gc', ...nodeOptions],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      children.add(child);
      let errors = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
      const waiting = new Map<number, (reply: Reply) => void>();
      let calls = 0;
      child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply));
      child.on('exit', () => {
        for (const [id, settle] of waiting) settle({ id, error: `The program has ended. ${errors}` });
      });
      await once(child, 'spawn');
      return {
        call: (command, ...[argument]) =>
          new Promise((resolve, reject) => {
            const call: Call = { id: calls++, command, argument };
            waiting.set(call.id, ({ value, error }) => {
              waiting.delete(call.id);
              if (error === undefined) resolve(value as never);
              else reject(new Error(`${name}.${command}: ${error}`));
            });
            child.send(call, (error) => {
              if (error !== null) waiting.get(call.id)?.({ id: call.id, error: error.message });
            });
          }),
        kill: () => end(child),
        async end() {
          const exited = child.exitCode === null ? once(child, 'exit') : undefined;
          if (child.connected) child.disconnect();
          await exited;
          return child.exitCode;
        },
        get errors() {
          return errors;
        },
      };
    },
    async close() {
      for (const child of children) await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
