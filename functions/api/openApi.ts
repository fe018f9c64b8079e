import { door, doors, json } from './door.ts';
import { openApiDocument } from './openApiDocument.ts';

door('getOpenApi', ['GET'], 'openapi.json', 'Reader', async () => json(openApiDocument(doors())));
