import { ApiProperty } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import { IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator'

export class CreateOrder {
  @ApiProperty({ minLength: 2 })
  @IsString()
  @Length(2, 20)
  title!: string

  @ApiProperty({ maximum: 9 })
  @IsInt()
  @Max(9)
  count!: number
}

export class ListQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  page?: number
}

export class Order {
  @ApiProperty()
  id!: number

  @ApiProperty({ type: () => CreateOrder })
  order!: CreateOrder
}
