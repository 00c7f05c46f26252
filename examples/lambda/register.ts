/** For `NODE_OPTIONS=--import`: a file of its own beside the function's, since a bundle leaves no package to name there. */
import 'flushed/lambda/register'
