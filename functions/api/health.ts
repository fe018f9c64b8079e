import { syncContext } from '../wiring.ts';
import { door, json } from './door.ts';

/** The only anonymous route: says whether the parts answer, nothing about tenants. */
door('health', ['GET'], 'health', null, async () => {
  const storage = await syncContext()
    .store.configuration.read()
    .then(
      (stored) => ({ status: 'ok', configured: stored !== null }),
      () => ({ status: 'failed', configured: false }),
    );
  const ok = storage.status === 'ok';
  return json(
    { status: ok ? 'ok' : 'failed', parts: { storage: storage.status, configuration: storage.configured ? 'ok' : 'missing' } },
    ok ? 200 : 503,
  );
});
