import { findX500 } from '../../shared/sync/x500.ts';
import { syncContext } from '../wiring.ts';
import { door, json } from './door.ts';

door('findX500', ['GET'], 'x500', 'Reader', async (call) =>
  json(await findX500(syncContext(), { address: call.query.get('address') ?? undefined, imceaex: call.query.get('imceaex') ?? undefined })),
);
