export const generateStaticParams = () => [{ id: '1' }]

export const GET = async (_request, { params }) => Response.json(await params)
