/** The program's side of `startProgram`: answers the calls of the test that started it. */

export interface Call {
  readonly id: number;
  readonly command: string;
  readonly argument: unknown;
}

export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** The commands of a program by name; one argument at most, and everything goes as JSON. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

export function answerCalls(commands: Commands): void {
  const answer = async ({ id, command, argument }: Call): Promise<void> => {
    let reply: Reply;
    try {
      reply = { id, value: await commands[command]?.(argument as never) };
    } catch (error) {
      reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(reply);
  };
  process.on('message', (call) => void answer(call as Call));
  // The test is over, however it ended.
  process.on('disconnect', () => process.exit());
}
