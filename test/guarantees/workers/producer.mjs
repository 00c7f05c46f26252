// A Worker that others follow, and that connects to one.
export default {
  async fetch(_request, { TARGET }) {
    console.log('a line')
    if (TARGET) return new Response(TARGET.connect('target:1').readable)
    return new Response('hello')
  },
}
