import { beforeAll, describe, it } from 'vitest';
import { copyContract } from './contract/copies.ts';
import { jobContract } from './contract/jobs.ts';
import { linkContract } from './contract/links.ts';
import { membershipContract } from './contract/memberships.ts';
import { planContract } from './contract/plans.ts';
import { routeContract, rowContract } from './contract/rows.ts';
import { snapshotContract } from './contract/snapshots.ts';
import type { Store } from './store.ts';

/**
 * What every implementation of `Store` must do, as a suite: called by the test of each implementation. `open` answers an empty store at every
 * call, not yet prepared.
 */
export function storeContract(open: () => Store): void {
  let store: Store;
  let count = 0;
  const name = (): string => {
    count += 1;
    return `n${count}`;
  };
  const jobId = (): string => `20261126T0100${String(count % 60).padStart(2, '0')}Z-${name()}`;
  const fresh = async (): Promise<Store> => {
    const other = open();
    await other.prepare();
    return other;
  };
  const current = (): Store => store;

  beforeAll(async () => {
    store = await fresh();
  });

  it('can be prepared at every start', () => store.prepare());

  describe('configuration, leases, waits', () => rowContract(current, fresh, name));
  describe('routes', () => routeContract(current, name));
  describe('links', () => linkContract(current, name));
  describe('copies', () => copyContract(current, name));
  describe('snapshots', () => snapshotContract(current, name));
  describe('memberships', () => membershipContract(current, name));
  describe('plans', () => planContract(current, jobId));
  describe('jobs and their log', () => jobContract(current, fresh, jobId));
}
