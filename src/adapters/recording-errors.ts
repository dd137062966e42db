/** What is thrown on the way goes on as ever, and explains a 5xx that is made of it. */
import type { Exchange } from '../model/exchange.js';

export async function recordingErrors(exchange: Exchange, next: () => Promise<unknown>): Promise<void> {
  try {
    await next();
  } catch (error) {
    exchange.recordError(error);
    throw error;
  }
}
