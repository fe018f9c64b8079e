metadata description = 'galsync in one resource group: app, storage, identity, roles, secrets, logs, queries, alerts.'

targetScope = 'resourceGroup'

@description('Short name of this installation: part of every resource name. Letters and digits.')
@minLength(3)
@maxLength(12)
param name string = 'galsync'

@description('Azure region. It must offer Flex Consumption.')
param location string = resourceGroup().location

@description('Client id of the application registration that callers get tokens for. docs/operate.md says how it is made.')
@minLength(36)
@maxLength(36)
param authenticationClientId string

@description('Tenant whose users and applications may call.')
param authenticationTenantId string = tenant().tenantId

@description('Client ids of the applications through which calls may come. Empty: any of the tenant; the app roles decide in any case.')
param callingApplications string[] = []

@description('Who may store the secrets of connectors in the vault.')
param secretsOfficers { id: string, type: ('User' | 'Group' | 'ServicePrincipal') }[] = []

@description('Who gets a mail when a job failed, a plan is held or nothing runs.')
param alertEmails string[] = []

@description('A sync or push must have finished within this many hours, else an alert. 0: no such alert.')
@minValue(0)
@maxValue(47)
param noJobHours int = 26

@description('Hosts besides the vendors\' own that connectors may name as endpoints.')
param endpointHosts string[] = []

@description('Replication of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Memory of one instance in MB.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('How many instances there may be at most.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances kept warm for jobs.')
@minValue(0)
@maxValue(10)
param warmInstances int = 0

@description('Name of the azd environment; empty without azd.')
param azdEnvironment string = ''

@description('Further tags of every resource.')
param extraTags { *: string } = {}

var tags = union({ application: 'galsync' }, empty(azdEnvironment) ? {} : { 'azd-env-name': azdEnvironment }, extraTags)
var suffix = uniqueString(resourceGroup().id, name)
var plainName = toLower(replace(name, '-', ''))
// Names are worked out here, not handed from module to module: so a what-if can tell what will change.
var names = {
  identity: '${name}-identity'
  storage: 'st${take(plainName, 9)}${suffix}'
  workspace: '${name}-logs'
  insights: '${name}-insights'
  vault: 'kv-${take(plainName, 7)}-${suffix}'
  plan: '${name}-plan'
  app: '${name}-${suffix}'
  taskHub: 'galsync${suffix}'
}

module identity 'modules/identity.bicep' = {
  params: { name: names.identity, location: location, tags: tags }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: names.storage
    location: location
    tags: tags
    sku: storageSku
    deploymentContainer: 'deployments'
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module keyVault 'modules/keyVault.bicep' = {
  params: {
    name: names.vault
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module roles 'modules/roles.bicep' = {
  dependsOn: [storage, keyVault, monitoring]
  params: {
    // The name of an assignment holds the object id: an identity that was made anew gets new assignments, not a refused change of the old.
    #disable-next-line what-if-short-circuiting
    principalId: identity.outputs.principalId
    storageName: names.storage
    vaultName: names.vault
    insightsName: names.insights
    secretsOfficers: secretsOfficers
  }
}

module functionApp 'modules/functionApp.bicep' = {
  // Without its roles the app cannot mount its package at the first start.
  dependsOn: [roles]
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    storageServices: storage.outputs.services
    vaultAddress: keyVault.outputs.address
    insightsName: names.insights
    taskHubName: names.taskHub
    endpointHosts: endpointHosts
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    warmInstances: warmInstances
  }
}

module authentication 'modules/authentication.bicep' = {
  dependsOn: [functionApp]
  params: {
    siteName: names.app
    clientId: authenticationClientId
    tenantId: authenticationTenantId
    callingApplications: callingApplications
  }
}

module queries 'modules/queries.bicep' = {
  dependsOn: [monitoring]
  params: { workspaceName: names.workspace }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
    noJobHours: noJobHours
  }
}

@description('Name of the function app: where the package is deployed to.')
output functionAppName string = names.app

@description('Address of the app.')
output appUrl string = functionApp.outputs.url

@description('Name of the vault: where the secrets of connectors are stored.')
output keyVaultName string = names.vault

@description('Name of the workspace: where the saved queries are.')
output logWorkspaceName string = names.workspace

@description('Client id of the identity of the app: for federated credentials.')
output identityClientId string = identity.outputs.clientId

@description('Object id of the identity of the app: the subject of federated credentials.')
output identityPrincipalId string = identity.outputs.principalId

@description('Issuer of the tokens of the identity: the issuer of federated credentials.')
output identityIssuer string = identity.outputs.issuer
