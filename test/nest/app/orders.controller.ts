import {
  Body, Controller, Get, Header, Headers, HttpCode, MessageEvent, Param, ParseIntPipe, Post, Query, Redirect, Req, Res, Sse,
  UseFilters, UseGuards, UseInterceptors, UsePipes, ValidationPipe, Version,
} from '@nestjs/common'
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger'
import { Observable, delay, map, of, range } from 'rxjs'
import { CreateOrder, ListQuery, Order } from './dto.js'
import { Envelope, OutOfTeaFilter, OutOfTea, Roles, RolesGuard, User, Wait } from './parts.js'
import { Prices } from './prices.js'

interface Answer {
  status(code: number): Answer
  json(body: unknown): void
}

@ApiTags('orders')
@Controller('orders')
@UseGuards(RolesGuard)
export class OrdersController {
  constructor(private readonly prices: Prices) {}

  @Get()
  @ApiOperation({ summary: 'The orders there are' })
  @ApiQuery({ name: 'page', type: Number, required: false })
  @ApiOkResponse({ type: [Order] })
  @UseInterceptors(Envelope)
  @UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
  list(@Query() query: ListQuery, @Headers('x-shop') shop: string | undefined) {
    return { page: query.page, type: typeof query.page, more: Object.keys(query), shop: shop ?? null }
  }

  @Get(':id')
  @Roles('reader')
  @ApiBearerAuth()
  @ApiParam({ name: 'id', type: Number })
  @ApiOkResponse({ type: Order })
  @Header('x-shop', 'books')
  @UseInterceptors(Envelope)
  async get(@Param('id', ParseIntPipe) id: number, @User('name') user: string) {
    return { id, price: await this.prices.of(id), user }
  }

  @Post()
  @HttpCode(202)
  @Roles('writer')
  @ApiBearerAuth()
  @ApiBody({ type: CreateOrder })
  @ApiResponse({ status: 202, type: Order })
  @UsePipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }))
  async create(@Body() order: CreateOrder, @Req() request: { method: string; url: string }) {
    return { made: order instanceof CreateOrder, ...order, by: `${request.method} ${request.url}` }
  }

  @Get(':id/receipt')
  @Redirect('https://receipts.example/', 301)
  @ApiOperation({ summary: 'Leads to the receipt' })
  receipt(@Param('id') id: string) {
    return id === '7' ? { url: 'https://receipts.example/7', statusCode: 307 } : undefined
  }

  @Get(':id/raw')
  @ApiHeader({ name: 'x-shop' })
  @ApiResponse({ status: 203 })
  raw(@Res() answer: Answer, @Param('id') id: string) {
    answer.status(203).json({ id })
  }

  @Get('tea/pot')
  @UseFilters(OutOfTeaFilter)
  @ApiResponse({ status: 418 })
  async tea() {
    throw new OutOfTea('no tea')
  }

  @Get('tea/cup')
  @UseFilters(OutOfTeaFilter)
  cup() {
    throw new Error('a crash')
  }

  @Version('2')
  @Get('all/status')
  @Wait(1)
  status(): Observable<string> {
    return of('second').pipe(delay(1))
  }

  @Version('1')
  @Get('all/status')
  async oldStatus() {
    return 'first'
  }

  @Sse('all/events')
  @ApiOperation({ summary: 'What happens' })
  events(): Observable<MessageEvent> {
    return range(1, 3).pipe(map((data) => ({ data: { data }, id: `${data}` })))
  }
}
