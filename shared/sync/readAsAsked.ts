import type { Configuration } from '../model/configuration.ts';
import { connectorSettings, type SyncContext } from './context.ts';

/**
 * True if the last snapshot holds what is asked for now. Attributes and parts that nobody had asked for would read as empty there: a filter on
 * them would let everybody in, or nobody. A part that was refused is a listed loss, and reading again would not bring it.
 */
export async function isReadAsAsked(context: SyncContext, configuration: Configuration, connector: string): Promise<boolean> {
  const state = await context.store.snapshots.state(connector);
  if (!state) return false;
  try {
    const { fingerprint, sets } = context.open(connectorSettings(configuration, connector), configuration).connector;
    return fingerprint === state.fingerprint && sets.every((set) => state.readBefore.includes(set) || state.losses.includes(set));
  } catch {
    // A secret that is missing: its pull says so.
    return false;
  }
}
