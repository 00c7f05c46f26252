import {
  type ArgumentsHost, type CallHandler, Catch, type CanActivate, type ExceptionFilter, type ExecutionContext, HttpException,
  Injectable, type NestInterceptor, SetMetadata, createParamDecorator,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { type Observable, delay, map } from 'rxjs'

export const Roles = (...roles: string[]) => SetMetadata('roles', roles)

/** Milliseconds that {@link Envelope} and the handler take. This metadata has a key that nothing else uses. */
export const Wait = Reflector.createDecorator<number>()

interface Request {
  readonly headers: Record<string, string | undefined>
}

/** Admits requests with one of the handler's roles, and every request if the handler has none. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.getAllAndOverride<string[] | undefined>('roles', [context.getHandler(), context.getClass()])
    const { headers } = context.switchToHttp().getRequest<Request>()
    return !roles || roles.includes(headers['x-role'] ?? '')
  }
}

export const User = createParamDecorator((key: string, context: ExecutionContext) => {
  const user: Record<string, string> = { name: context.switchToHttp().getRequest<Request>().headers['x-user'] ?? 'nobody' }
  return user[key]
})

/** Adds to the response what it knows of the handler: its name, its class and its metadata. */
@Injectable()
export class Envelope implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const handler = context.getHandler()
    const known = { handler: handler.name, of: context.getClass().name, roles: this.reflector.get<string[]>('roles', handler) ?? null }
    return next.handle().pipe(
      delay(this.reflector.get(Wait, handler) ?? 0),
      map((data: unknown) => ({ data, ...known })),
    )
  }
}

export class OutOfTea extends HttpException {
  constructor(message: string) {
    super(message, 418)
  }
}

@Catch(OutOfTea)
export class OutOfTeaFilter implements ExceptionFilter<OutOfTea> {
  catch(error: OutOfTea, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ status(code: number): { json(body: unknown): void } }>()
    response.status(error.getStatus()).json({ filtered: error.message })
  }
}
