/** Parameter decorators, which only legacy decorators have, and which run before those of their method. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same } from '../runner.js'

type Seen = [string | symbol | undefined, number]

behaviour('parameters: their decorators are told what they would be without ours', async ({ options }) => {
  const seen: Seen[] = []
  const Param = () => (_target: object, key: string | symbol | undefined, index: number) => void seen.push([key, index])
  class Orders {
    @Flushed(options)
    async create(@Param() first: string, _plain: string, @Param() third: string) {
      return first + third
    }
    @Traced()
    price(@Param() amount: number) {
      return amount
    }
  }
  is(await new Orders().create('a', 'b', 'c'), 'ac')
  is(new Orders().price(4), 4)
  same(seen, [['create', 2], ['create', 0], ['price', 0]])
})
