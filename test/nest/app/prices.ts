import { Injectable } from '@nestjs/common'
import { Traced } from 'flushed/decorators'

/** A service. Its spans are children of whatever calls it. */
@Injectable()
export class Prices {
  @Traced('price')
  async of(id: number): Promise<number> {
    return id * 2
  }
}
