// A Worker that others tail, and that connects to another one.
export default {
  async fetch(_request, { TARGET }) {
    console.log('a line')
    if (TARGET) return new Response(TARGET.connect('target:1').readable)
    return new Response('hello')
  },
}
