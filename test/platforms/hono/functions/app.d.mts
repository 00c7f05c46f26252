type Middleware = (c: never, next: () => Promise<void>) => Promise<Response | void>

export interface Application {
  fetch(request: Request, env?: unknown, executionCtx?: unknown): Response | Promise<Response>
}

export function application(telemetry: Middleware, around?: { above?: Middleware[]; below?: Middleware[] }): Application

export const bodies: { compress(): Middleware; etag(): Middleware }
