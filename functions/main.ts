/** Entry of the deployed bundle: every door registers itself when it is imported. */
import { app } from '@azure/functions';
import { settings } from './settings.ts';
import { syncContext } from './wiring.ts';
import './orchestrations/sync.ts';
import './timers/schedule.ts';
import './timers/retention.ts';
import './api/jobs.ts';
import './api/changes.ts';
import './api/configuration.ts';
import './api/connectors.ts';
import './api/routes.ts';
import './api/errands.ts';
import './api/health.ts';
import './api/explain.ts';
import './api/x500.ts';
import './api/preview.ts';
import './api/openApi.ts';

settings();
app.setup({ enableHttpStream: false });
app.hook.appStart(async () => {
  await syncContext().store.prepare();
});
