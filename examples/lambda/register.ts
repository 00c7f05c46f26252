/** For `NODE_OPTIONS=--import`: a file of its own beside the function's, because a bundle has no package that you could name there. */
import 'flushed/lambda/register'
