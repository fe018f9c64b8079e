/**
 * `node infra/check.mjs`: compiles main.bicep and main.bicepparam with the Bicep CLI (any warning fails) and holds the result against
 * allowed.json, roles.json, appRoles.json and queries/events.json. Prints every fault; the exit code is 1 if there is one.
 * `--json FILE` keeps the compiled template.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bicepCli, runBicep } from './bicepCli.mjs';

const infra = dirname(fileURLToPath(import.meta.url));
const root = join(infra, '..');
const read = (path) => readFileSync(join(infra, path), 'utf8');
const json = (path) => JSON.parse(read(path));
const allowed = json('allowed.json');
const faults = [];
const fault = (where, text) => faults.push(`${where}: ${text}`);

function files(directory, ending) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function compile() {
  const cli = bicepCli();
  const built = runBicep(cli, ['build', 'main.bicep', '--stdout'], infra);
  const sample = {
    GALSYNC_AUTH_CLIENT_ID: '00000000-0000-4000-8000-000000000000',
    GALSYNC_ALERT_EMAILS: 'ops@contoso.example',
    GALSYNC_SECRETS_OFFICER: 'x',
  };
  const values = runBicep(cli, ['build-params', 'main.bicepparam', '--stdout'], infra, sample);
  for (const message of new Set([...built.messages, ...values.messages])) fault('bicep', message);
  if (!built.ok) fault('main.bicep', 'does not compile');
  if (!values.ok) fault('main.bicepparam', 'does not compile');
  return built.ok ? JSON.parse(built.output) : null;
}

/** Every template, the modules' included, with the name of its module. */
function templates(template, name = 'main') {
  const inner = resources(template).flatMap(([key, resource]) =>
    resource.type === 'Microsoft.Resources/deployments' ? templates(resource.properties.template, key) : [],
  );
  return [{ name, template }, ...inner];
}

function resources(template) {
  return Object.entries(template.resources);
}

function checkDescriptions({ name, template }) {
  const described = { parameter: template.parameters, output: template.outputs };
  for (const [kind, all] of Object.entries(described))
    for (const [key, value] of Object.entries(all ?? {}))
      if (!value.metadata?.description) fault(name, `${kind} ${key} has no @description`);
}

function checkOutputs({ name, template }) {
  for (const [key, output] of Object.entries(template.outputs ?? {})) {
    const text = JSON.stringify(output.value);
    if (/^secure/i.test(output.type)) fault(name, `output ${key} is a secret: outputs are kept in the deployment's history`);
    if (/list[A-Z]\w*\(|connectionString|instrumentationKey|sharedKey|accessKey|password|secretUri/i.test(text))
      fault(name, `output ${key} holds what may be a secret: ${text}`);
  }
}

function checkResources({ name, template }) {
  for (const [key, { type, apiVersion }] of resources(template)) {
    if (type === 'Microsoft.Resources/deployments') continue;
    const pinned = allowed.apiVersions[type];
    if (!pinned) fault(name, `${key}: ${type} is not in allowed.json`);
    else if (pinned !== apiVersion) fault(name, `${key}: ${type} has API version ${apiVersion}, pinned is ${pinned}`);
    if (allowed.neverOnFlex.resources.includes(type)) fault(name, `${key}: ${type} does not exist on Flex Consumption`);
  }
}

/** Names of settings that Flex refuses, also when they hide in siteConfig.appSettings; a * at the end stands for any ending. */
function isForbiddenSetting(setting) {
  return allowed.neverOnFlex.settings.some((name) => (name.endsWith('*') ? setting.startsWith(name.slice(0, -1)) : setting === name));
}

function checkFlex(all) {
  const found = all.flatMap(({ template }) => resources(template).map(([, resource]) => resource));
  const settings = found.filter((resource) => resource.type === 'Microsoft.Web/sites/config' && /'appsettings'/.test(resource.name));
  if (settings.length !== 1) fault('app settings', `named in ${settings.length} places; there must be exactly one`);
  const names = Object.keys(settings[0]?.properties ?? {});
  for (const name of names) if (isForbiddenSetting(name)) fault('app settings', `${name} must not be set on Flex Consumption`);
  for (const name of names.filter((one) => !allowed.settings.includes(one))) fault('app settings', `${name} is not in allowed.json`);
  for (const name of allowed.settings.filter((one) => !names.includes(one))) fault('app settings', `${name} is missing`);
  const app = found.find((resource) => resource.type === 'Microsoft.Web/sites' && !resource.existing);
  if (!app) return fault('functionApp', 'there is no app');
  const text = JSON.stringify(app);
  for (const name of allowed.neverOnFlex.properties)
    if (text.includes(`"${name}"`)) fault('functionApp', `${name} must not be set on Flex`);
  if (app.properties.siteConfig?.appSettings) fault('functionApp', 'siteConfig.appSettings is a second place for settings');
  if (app.properties.httpsOnly !== true) fault('functionApp', 'httpsOnly is not true');
  return undefined;
}

/** What must not be loosened by a careless edit: type → property path → value. */
const KEPT = {
  'Microsoft.Storage/storageAccounts': { allowSharedKeyAccess: false, allowBlobPublicAccess: false, minimumTlsVersion: 'TLS1_2' },
  'Microsoft.KeyVault/vaults': { enableRbacAuthorization: true, enablePurgeProtection: true },
  'Microsoft.Insights/components': { DisableLocalAuth: true },
};

function checkKept(all) {
  for (const [type, properties] of Object.entries(KEPT)) {
    const found = all
      .flatMap(({ template }) => resources(template).map(([, one]) => one))
      .filter((one) => one.type === type && !one.existing);
    if (found.length === 0) fault(type, 'is not deployed');
    for (const resource of found)
      for (const [name, value] of Object.entries(properties))
        if (resource.properties[name] !== value) fault(type, `${name} must be ${value}`);
  }
  const authentication = all.find(({ name }) => name === 'authentication')?.template.resources ?? {};
  const validation = Object.values(authentication).find((one) => !one.existing)?.properties.globalValidation;
  if (validation?.requireAuthentication !== true || validation.unauthenticatedClientAction !== 'Return401')
    fault('authentication', 'requests without a token must get 401');
  if (JSON.stringify(validation?.excludedPaths) !== '["/api/health"]') fault('authentication', 'only /api/health may be anonymous');
}

function checkRoles(all) {
  const roles = json('roles.json');
  const text = JSON.stringify(all.map(({ template }) => template));
  for (const { role, id, on } of [...roles.app, ...roles.people]) {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) fault('roles.json', `${role}: ${id} is no role id`);
    if (!text.includes(id)) fault('roles.json', `${role} is given to nobody`);
    if (!['storage', 'vault', 'insights'].includes(on)) fault('roles.json', `${role}: modules/roles.bicep knows no resource "${on}"`);
  }
}

function checkAppRoles() {
  const source = readFileSync(join(root, 'functions/api/caller.ts'), 'utf8');
  const known = /ROLES = \[([^\]]*)\]/.exec(source)?.[1].match(/\w+/g) ?? [];
  const declared = json('appRoles.json').map((role) => role.value);
  if (known.join() !== declared.join()) fault('appRoles.json', `has ${declared.join(', ')}; the app asks for ${known.join(', ')}`);
}

/** Comments may say anything. */
function queryText(path) {
  return readFileSync(path, 'utf8').replace(/^\s*\/\/.*$/gm, '');
}

function checkQueries(events) {
  const used = files(infra, '.bicep').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/load(?:Text|Json)Content\('([^']+)'\)/g)].map((match) => join(dirname(path), match[1])),
  );
  for (const path of used) if (!existsSync(path)) fault(relative(root, path), 'is referenced and does not exist');
  for (const path of files(join(infra, 'queries'), '.kql')) {
    const name = relative(root, path);
    const text = queryText(path);
    if (!used.includes(path)) fault(name, 'is deployed by no module');
    if (!/^AppTraces\b/m.test(text) || /\b(traces|customDimensions|message)\b\s*\|/.test(text)) fault(name, 'must read AppTraces');
    const named = [...new Set([...text.matchAll(/"([a-z]+\.[a-zA-Z]+)"/g)].map((match) => match[1]))];
    if (named.length === 0) fault(name, 'names no event');
    for (const event of named.filter((one) => !events[one])) fault(name, `event ${event} is not in queries/events.json`);
    const fields = new Set(['event', ...named.flatMap((event) => Object.keys(events[event]?.fields ?? {}))]);
    for (const [, field] of text.matchAll(/\bline\.(\w+)/g))
      if (!fields.has(field)) fault(name, `no event that it names has a field ${field}`);
  }
}

function checkEvents(events) {
  for (const [event, { when, fields }] of Object.entries(events)) {
    if (!when || !fields) fault('events.json', `${event}: when or fields missing`);
    for (const [field, type] of Object.entries(fields ?? {}))
      if (!/^(text|number|flag|time)\??$/.test(type)) fault('events.json', `${event}.${field}: unknown type ${type}`);
  }
  const logged = new Set();
  for (const path of ['functions', 'shared'].flatMap((room) => files(join(root, room), '.ts')).filter((one) => !one.endsWith('.test.ts')))
    for (const [, event] of readFileSync(path, 'utf8').matchAll(/\bevent: '([a-z]+\.[a-zA-Z]+)'/g)) logged.add(event);
  for (const event of logged) if (!events[event]) fault('events.json', `the app logs ${event}, which is not listed`);
  for (const event of Object.keys(events)) if (!logged.has(event)) fault('events.json', `${event} is listed, but nothing logs it`);
}

const template = compile();
if (template) {
  const all = templates(template);
  for (const one of all) {
    checkDescriptions(one);
    checkOutputs(one);
    checkResources(one);
  }
  checkFlex(all);
  checkKept(all);
  checkRoles(all);
  const keep = process.argv.indexOf('--json');
  if (keep > 0) writeFileSync(process.argv[keep + 1], `${JSON.stringify(template, null, 2)}\n`);
}
const events = json('queries/events.json');
checkEvents(events);
checkQueries(events);
checkAppRoles();
for (const text of faults) console.error(text);
console.log(faults.length === 0 ? 'infra: compiled without a warning, all checks passed' : `infra: ${faults.length} fault(s)`);
process.exitCode = faults.length === 0 ? 0 : 1;
