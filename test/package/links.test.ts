/** Specifies that the links of all Markdown pages lead to files and headings that exist. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const pages = files.filter((file) => file.endsWith('.md'))
const there = new Set(files.flatMap((file) => [file, ...ancestors(file)]))

function ancestors(file: string): string[] {
  const folder = posix.dirname(file)
  return folder === '.' ? [] : [folder, ...ancestors(folder)]
}

const withoutCode = (page: string) => readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '')

/** The anchors that GitHub makes from a page's headings. */
const anchorsOf = (page: string) =>
  [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => (heading as string).toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'))

describe.each(pages)('%s', (page) => {
  test('links only to files and headings that exist', () => {
    const links = [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string)
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path, anchor] = link.split('#') as [string, string?]
      const target = path ? posix.join(posix.dirname(page), path).replace(/\/$/, '') : page
      return !there.has(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(broken).toEqual([])
  })
})

test('the README links to each page of the documentation', () => {
  const readme = withoutCode('README.md')
  expect(pages.filter((page) => page.startsWith('docs/') && !readme.includes(`](${page}`))).toEqual([])
})
