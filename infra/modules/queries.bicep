metadata description = 'The saved queries of the workspace: what to look at first, by day and at 3 a.m.'

@description('Name of the Log Analytics workspace.')
param workspaceName string

var queries = [
  { name: 'jobs', title: 'Jobs of the last week', text: loadTextContent('../queries/jobs.kql') }
  { name: 'failures', title: 'What failed or was held, and what to do', text: loadTextContent('../queries/failures.kql') }
  { name: 'throttling', title: 'Who made us wait, and how long', text: loadTextContent('../queries/throttling.kql') }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName

  resource saved 'savedSearches' = [
    for query in queries: {
      name: 'galsync-${query.name}'
      properties: {
        category: 'galsync'
        displayName: query.title
        query: query.text
        version: 2
      }
    }
  ]
}
