// The application around the files of docs/nest.md.
import { Controller, Get, Module, type OnApplicationBootstrap, Param, ParseIntPipe } from '@nestjs/common'
import { PricesService } from './prices.service.js'
import { ReportsService } from './reports.service.js'
import { TelemetryModule } from './telemetry.module.js'

@Controller('prices')
class PricesController {
  constructor(private readonly prices: PricesService) {}

  @Get(':id')
  async get(@Param('id', ParseIntPipe) id: number) {
    return { price: await this.prices.priceOf(id) }
  }

  @Get(':id/slow')
  async slow(@Param('id', ParseIntPipe) id: number) {
    console.log('in flight')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    return { price: await this.prices.priceOf(id) }
  }

  @Get(':id/crash')
  async crash() {
    throw new RangeError('no such price')
  }
}

@Module({ imports: [TelemetryModule], controllers: [PricesController], providers: [PricesService, ReportsService] })
export class AppModule implements OnApplicationBootstrap {
  constructor(private readonly reports: ReportsService) {}

  async onApplicationBootstrap() {
    await this.reports.nightly()
  }
}
