using 'main.bicep'

// Values come from the environment (azd sets its own there), so that this file holds none of anybody's.
param name = readEnvironmentVariable('GALSYNC_NAME', 'galsync')
param azdEnvironment = readEnvironmentVariable('AZURE_ENV_NAME', '')
param authenticationClientId = readEnvironmentVariable('GALSYNC_AUTH_CLIENT_ID')
param alertEmails = empty(readEnvironmentVariable('GALSYNC_ALERT_EMAILS', ''))
  ? []
  : split(readEnvironmentVariable('GALSYNC_ALERT_EMAILS', ''), ',')
param endpointHosts = empty(readEnvironmentVariable('GALSYNC_ENDPOINT_HOSTS', ''))
  ? []
  : split(readEnvironmentVariable('GALSYNC_ENDPOINT_HOSTS', ''), ',')
param secretsOfficers = empty(readEnvironmentVariable('GALSYNC_SECRETS_OFFICER', ''))
  ? []
  : [{ id: readEnvironmentVariable('GALSYNC_SECRETS_OFFICER', ''), type: 'User' }]
