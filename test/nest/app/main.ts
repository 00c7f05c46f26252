import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import { type INestApplication, Module, type Type, VERSION_NEUTRAL, VersioningType } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import { telemetry } from 'flushed/express'
import { Prices } from './prices.js'
import { options } from './telemetry.js'

/** The mode (`middleware`: requests have a root span of their own, and decorators make child spans), and the variants. */
const [middleware, ...variants] = process.argv.slice(2)

function moduleOf(controller: Type): Type {
  @Module({ controllers: [controller], providers: [Prices] })
  class ShopModule {}
  return ShopModule
}

async function start(controller: Type): Promise<INestApplication> {
  const app = await NestFactory.create(moduleOf(controller), { logger: false })
  if (middleware === 'middleware') app.use(telemetry(options))
  app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: VERSION_NEUTRAL })
  await app.listen(0, '127.0.0.1')
  return app
}

const swaggerOf = (app: INestApplication) => SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Shop').addBearerAuth().build())

// Starts one application for each variant of the controller.
for (const variant of variants) {
  const { OrdersController } = (await import(`./variants/${variant}.js`)) as { OrdersController: Type }
  const app = await start(OrdersController)
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address()
  console.log(JSON.stringify({ variant, port, swagger: swaggerOf(app) }))
}
console.log('ready')
